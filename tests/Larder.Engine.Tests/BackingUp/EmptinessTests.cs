using Larder.Engine.BackingUp;
using Larder.Engine.Backups;

namespace Larder.Engine.Tests.BackingUp;

public sealed class EmptinessTests
{
    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, true)]
    [InlineData(1, 1, false)]
    [InlineData(500, 1, false)]
    [InlineData(500, 0, true)]
    public void A_source_that_lost_all_of_its_rows_is_marked_whatever_their_number(long before, long now, bool isMarked)
    {
        var found = Emptiness.Find(Source(("a", now), ("b", 0)), isServer: true, Source(("a", before), ("b", 0)));

        Assert.Equal(isMarked ? [ManifestWarning.EmptiedKind] : [], found.Select(warning => warning.Kind!));
    }

    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    public void A_table_that_lost_all_of_its_rows_is_marked_where_they_were_many(long before, bool isMarked)
    {
        var found = Emptiness.Find(Source(("a", 0), ("kept", 7)), isServer: true, Source(("a", before), ("kept", 7)));

        Assert.Equal(isMarked ? ["app/a.dat"] : [], found.Select(warning => warning.Path));
        Assert.All(found, warning => Assert.Contains("\"a\" has no rows", warning.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_that_was_dropped_while_others_have_rows_is_a_migration() =>
        Assert.Empty(Emptiness.Find(Source(("kept", 7)), isServer: true, Source(("dropped", 5000), ("kept", 7))));

    [Fact]
    public void All_tables_dropped_is_a_loss() =>
        Assert.Equal(ManifestWarning.EmptiedKind, Assert.Single(Emptiness.Find(Source(), isServer: true, Source(("a", 5000)))).Kind);

    [Fact]
    public void A_server_without_any_table_is_marked_until_that_was_accepted_once()
    {
        Assert.Equal(ManifestWarning.EmptyKind, Assert.Single(Emptiness.Find(Source(), isServer: true, lastGood: null)).Kind);
        Assert.Empty(Emptiness.Find(Source(), isServer: true, lastGood: Source()));
        Assert.Empty(Emptiness.Find(Source(), isServer: false, lastGood: null));
        Assert.Empty(Emptiness.Find(Source(("a", 0)), isServer: true, lastGood: null));
    }

    [Theory]
    [InlineData("activities")]
    [InlineData("temple.activities")]
    public void What_the_job_itself_empties_is_no_loss_and_everything_else_still_is(string purged)
    {
        var (full, emptied) = (Source(("temple.activities", 5000), ("temple.events", 7)), Source(("temple.activities", 0), ("temple.events", 7)));
        Assert.Single(Emptiness.Find(emptied, isServer: true, full));
        Assert.Empty(Emptiness.Find(emptied, isServer: true, full, [purged]));
        Assert.Empty(Emptiness.Find(Source(("temple.activities", 0)), isServer: true, Source(("temple.activities", 5000)), [purged]));

        var lost = Emptiness.Find(Source(("temple.activities", 0), ("temple.events", 0)), isServer: true, full, [purged]);
        Assert.Equal(ManifestWarning.EmptiedKind, Assert.Single(lost).Kind);
        Assert.Contains("last good backup has 7", lost[0].Reason, StringComparison.Ordinal);
        Assert.Equal(ManifestWarning.EmptiedKind, Assert.Single(Emptiness.Find(Source(), isServer: true, full, [purged])).Kind);
    }

    [Fact]
    public async Task An_emptied_database_makes_backups_partial_until_it_is_accepted()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var full = await larder.BackUpAsync();
        larder.Execute("DELETE FROM entries");

        var emptied = await larder.BackUpAsync();
        var again = await larder.BackUpAsync();
        var accepted = await larder.BackUpAsync(acceptEmpty: true);
        var after = await larder.BackUpAsync();

        Assert.Equal(
            [BackupStatus.Success, BackupStatus.Partial, BackupStatus.Partial, BackupStatus.Success, BackupStatus.Success],
            new[] { full, emptied, again, accepted, after }.Select(backup => backup.Status));
        var warning = Assert.Single(emptied.Warnings);
        Assert.Equal(ManifestWarning.EmptiedKind, warning.Kind);
        Assert.Contains("the last good backup has 200", warning.Reason, StringComparison.Ordinal);
        Assert.False((await larder.ListAsync()).Single(backup => backup.BackupId == emptied.BackupId).ToCandidate().IsGood);
    }

    private static ManifestSource Source(params (string Name, long Rows)[] tables) => new()
    {
        Name = "db",
        Engine = "postgresql",
        Consistency = "snapshot",
        DurationSeconds = 1,
        SizeBytes = 1,
        Files = 1,
        Entries =
        [
            new ManifestEntry { Name = "roles", Kind = "globals", File = "globals.sql" },
            .. tables.Select(table => new ManifestEntry { Name = table.Name, Kind = "table", File = $"app/{table.Name}.dat", Rows = table.Rows }),
        ],
    };
}
