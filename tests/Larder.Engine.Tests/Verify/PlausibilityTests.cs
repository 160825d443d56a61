using Larder.Engine.Backups;
using Larder.Engine.Tests.Verify.Planted;
using Larder.Engine.Verify;

namespace Larder.Engine.Tests.Verify;

/// <summary>What is doubtful in the light of the backups before it. Every plant is sound by itself: hints, and no error.</summary>
public sealed class PlausibilityTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_table_that_all_backups_before_had_is_missed()
    {
        var hints = await HintsAsync(3, source => source with { Files = Without(source, "journal/3-rows-labels.sql") });
        Assert.Contains("The table \"my/journal.labels\" is not in backup", Assert.Single(hints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 45)]
    [InlineData(120, 45)]
    public async Task A_count_of_rows_far_from_the_median_is_a_hint(int rows, int before)
    {
        var hints = await HintsAsync(4, source => Table(source, rows), before: source => Table(source, before));
        Assert.Contains(
            $"The table \"my/journal.labels\" has {rows} rows in backup", Assert.Single(hints, hint => hint.Contains(" rows ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(hints, hint => hint.Contains($"the median of the 4 before it is {before}.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bytes_far_from_the_median_are_a_hint_where_the_rows_are_as_many()
    {
        var hints = await HintsAsync(3, source => Table(source, 20, width: 9000), before: source => Table(source, 20));
        Assert.Contains(hints, hint => hint.Contains("\"my/journal.labels\" has", StringComparison.Ordinal) && hint.Contains(" bytes in backup", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_backups_are_too_few_to_say_what_is_usual() =>
        Assert.Empty(await HintsAsync(2, source => Table(source, 120), before: source => Table(source, 45)));

    [Fact]
    public async Task Backups_made_before_a_restore_are_compared_with_nothing()
    {
        // All those before it are such: there is nothing usual.
        Assert.Empty(await HintsAsync(5, source => Table(source, 120), before: source => Table(source, 45), isSafetyBefore: true));
        // It is such itself.
        Assert.Empty(await HintsAsync(5, source => Table(source, 120), before: source => Table(source, 45), isSafety: true));
    }

    [Fact]
    public async Task Times_that_cannot_be_are_hints()
    {
        Assert.Contains("before it began", Assert.Single(await TimesAsync(manifest => manifest with { FinishedAt = manifest.CreatedAt.AddHours(-1) })), StringComparison.Ordinal);
        Assert.Contains("in the future", Assert.Single(await TimesAsync(manifest => manifest with { FinishedAt = Begin.AddYears(3) })), StringComparison.Ordinal);
        Assert.Contains("in the future", Assert.Single(await TimesAsync(manifest => manifest with
        {
            CreatedAt = Begin.AddYears(2),
            FinishedAt = Begin.AddYears(2),
            Timestamp = "20280105_120000",
        })), StringComparison.Ordinal);
        Assert.Contains("before there were any", Assert.Single(await TimesAsync(manifest => manifest with
        {
            CreatedAt = DateTimeOffset.UnixEpoch,
            Timestamp = "19700101_000000",
        })), StringComparison.Ordinal);
        Assert.Contains("is dated 20250101_000000", Assert.Single(await TimesAsync(manifest => manifest with { Timestamp = "20250101_000000" })), StringComparison.Ordinal);
        Assert.Empty(await TimesAsync(manifest => manifest));
    }

    private static Task<IReadOnlyList<string>> TimesAsync(Func<Manifest, Manifest> manifest) => HintsAsync(0, source => source, manifest: manifest);

    /// <summary>Plants some backups and one more, and verifies the last one's content.</summary>
    private static async Task<IReadOnlyList<string>> HintsAsync(
        int earlier,
        Func<SampleSource, SampleSource> change,
        Func<SampleSource, SampleSource>? before = null,
        bool isSafety = false,
        bool isSafetyBefore = false,
        Func<Manifest, Manifest>? manifest = null)
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var repository = await larder.Context().Repositories.OpenAsync("local", CancellationToken.None);
        var sample = (await SampleSources.MakeAsync(new Random(1), 20)).First(source => source.Name == "my");

        // Enough bytes that the size of the whole stays what it is.
        var ballast = new SampleSource
        {
            Name = "code",
            Engine = "files",
            Files = new Dictionary<string, byte[]> { ["ballast"] = new byte[1 << 20] },
            Entries = [],
        };
        var last = "";
        for (var i = 0; i <= earlier; i++)
        {
            var source = await (i == earlier ? change(sample) : (before ?? (same => same))(sample)).MeasuredAsync();
            last = await new PlantedBackup
            {
                Sources = [source, ballast],
                CreatedAt = Begin.AddHours(i),
                IsSafety = i == earlier ? isSafety : isSafetyBefore,
                Manifest = i == earlier ? manifest ?? (same => same) : same => same,
            }.WriteAsync(repository);
        }
        larder.Clock.Now = Begin.AddYears(1);
        var report = await new VerifyRun(
            larder.Context(), new VerifyRequest { Level = VerifyLevel.Content, Backups = [last], Repository = "local" }, new RunProgress())
            .ExecuteAsync(CancellationToken.None);
        Assert.Empty(report.Errors);
        return report.Hints;
    }

    private static SampleSource Table(SampleSource source, int rows, int width = 5)
    {
        var path = "journal/3-rows-labels.sql";
        return source.Change(path, bytes =>
        {
            var lines = System.Text.Encoding.UTF8.GetString(bytes).Split('\n').Where(line => !line.StartsWith('(')).ToList();
            var values = Enumerable.Range(1, rows).Select(id => $"({id},1,'{new string('x', width)}')");
            lines.Insert(lines.FindIndex(line => line.StartsWith("INSERT", StringComparison.Ordinal)) + 1, string.Join(",\n", values) + ";");
            return System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines));
        });
    }

    private static Dictionary<string, byte[]> Without(SampleSource source, string path) =>
        source.Files.Where(file => file.Key != path).ToDictionary(file => file.Key, file => file.Value);
}
