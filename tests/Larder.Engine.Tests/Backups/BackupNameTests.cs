using Larder.Engine.Backups;
using Larder.Engine.Errors;

namespace Larder.Engine.Tests.Backups;

public sealed class BackupNameTests
{
    private static readonly Backup First = Samples.Backup("abcd1", Samples.Moment);
    private static readonly Backup Second = Samples.Backup("abcd2", Samples.Moment.AddDays(1));
    private static readonly Backup Wiki = Samples.Backup("ef01", Samples.Moment.AddDays(2), "wiki");

    // The clock goes back on 2024-10-27 at 03:00: half past two comes twice.
    private static readonly Backup SummerHour = Samples.Backup("1111", new DateTimeOffset(2024, 10, 27, 0, 30, 0, TimeSpan.Zero), "nightly");
    private static readonly Backup WinterHour = Samples.Backup("2222", new DateTimeOffset(2024, 10, 27, 1, 30, 0, TimeSpan.Zero), "nightly");
    private static readonly Backup[] All = [Second, First, Wiki, SummerHour, WinterHour];

    [Theory]
    [InlineData("abcd1", "abcd1")]
    [InlineData("ABCD2", "abcd2")]
    [InlineData("ef01", "ef01")]
    [InlineData("20240708_143022", "abcd1")]
    [InlineData("latest", "2222")]
    [InlineData("journal:latest", "abcd2")]
    [InlineData("wiki:latest", "ef01")]
    [InlineData("journal:abcd1", "abcd1")]
    [InlineData("journal:20240709_143022", "abcd2")]
    public void A_name_finds_its_backup(string name, string id) => Assert.StartsWith(id, BackupName.Parse(name).Resolve(All).BackupId);

    [Theory]
    [InlineData("dddd")]
    [InlineData("20240101_000000")]
    [InlineData("journal:ef01")]
    [InlineData("nowhere:latest")]
    public void A_name_that_fits_nothing_says_so(string name)
    {
        var exception = Assert.Throws<LarderException>(() => BackupName.Parse(name).Resolve(All));

        Assert.Equal(EngineError.UnknownBackup, exception.Error);
    }

    [Fact]
    public void A_name_that_fits_several_lists_them_newest_first()
    {
        var exception = Assert.Throws<LarderException>(() => BackupName.Parse("abcd").Resolve(All));

        Assert.Equal(EngineError.AmbiguousBackupName, exception.Error);
        Assert.Equal(
            "\"abcd\" fits 2 backups: abcd20000000 (journal, 20240709_143022, +02:00), abcd10000000 (journal, 20240708_143022, +02:00).",
            exception.Message);
        Assert.Equal([Second, First], BackupName.Parse("abcd").Candidates(All));
    }

    [Fact]
    public void In_the_hour_that_comes_twice_a_timestamp_fits_both() =>
        Assert.Equal([WinterHour, SummerHour], BackupName.Parse("20241027_023000").Candidates(All));

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("xyz1")]
    [InlineData("Latest")]
    [InlineData(":latest")]
    [InlineData("journal:")]
    [InlineData("20240732_143022")]
    [InlineData("20240708_1430")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000000")]
    public void What_is_no_name_is_refused(string text)
    {
        var exception = Assert.Throws<LarderException>(() => BackupName.Parse(text));

        Assert.Equal(EngineError.BackupNameInvalid, exception.Error);
        Assert.Equal(ExitStatus.Usage, exception.ExitStatus);
    }

    [Fact]
    public void The_ids_that_stock_restic_shows_name_a_backup_too()
    {
        var rewritten = First with { Places = [new BackupPlace("local", Samples.Id("rewritten"))] };

        Assert.Equal(rewritten, BackupName.Parse(Samples.Id("rewritten").ToString()[..10]).Resolve([rewritten, Second]));
        Assert.Equal(rewritten, BackupName.Parse(rewritten.BackupId).Resolve([rewritten, Second]));
    }

    [Fact]
    public void Where_there_is_no_backup_latest_says_so()
    {
        Assert.Equal("There is no backup yet.", Assert.Throws<LarderException>(() => BackupName.Parse("latest").Resolve([])).Message);
        Assert.Equal("There is no backup of job \"a:b\" yet.", Assert.Throws<LarderException>(() => BackupName.Parse("a:b:latest").Resolve(All)).Message);
    }
}
