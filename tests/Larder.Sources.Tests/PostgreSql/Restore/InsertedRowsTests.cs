using Larder.Sources.PostgreSql;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class InsertedRowsTests(SharedPostgresServer shared)
{
    private const string Sql = """
        CREATE TABLE plain (a int); INSERT INTO plain SELECT generate_series(1, 1234);
        CREATE TABLE empty (a int);
        CREATE TABLE parted (a int) PARTITION BY RANGE (a);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
        CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
        INSERT INTO parted SELECT generate_series(50, 149);
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_the_server_counted_while_it_took_it_is_not_read()
    {
        await using var made = await MakeAsync("counted");
        var target = made.Database + "_other";
        var outcome = await made.RunAsync(made.Request(target) with { ReadsBack = false }, Cancellation);
        AssertRows(outcome.Entries);
        var version = (int)(await made.Server.ScalarAsync("postgres", "SELECT current_setting('server_version_num')::int", Cancellation))!;
        if (version >= 150000) // Older ones may say it too late, and then are read.
        {
            Assert.Equal(0L, await made.Server.ScalarAsync(
                target, "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'plain'", Cancellation));
        }
    }

    [Fact]
    public async Task A_server_that_keeps_no_statistics_is_read_instead()
    {
        await using var made = await MakeAsync("uncounted");
        var role = made.Database + "_blind";
        await made.Server.ExecuteAsync(
            "postgres",
            $"CREATE ROLE \"{role}\" SUPERUSER LOGIN PASSWORD 'blind'; ALTER ROLE \"{role}\" SET track_counts = off",
            Cancellation);
        var restore = made.Restore(
            settings: new PostgreSqlSettings { Url = made.Server.Url("postgres", role, "blind") });
        var outcome = await made.RunAsync(restore, made.Request(made.Database + "_other") with { ReadsBack = false }, Cancellation);
        AssertRows(outcome.Entries);
    }

    [Theory]
    [InlineData(1233)]
    [InlineData(1235)]
    public async Task Another_number_than_was_recorded_is_found(long recorded)
    {
        await using var made = await MakeAsync("wrong");
        var wrong = made.Outcome.Entries
            .Select(entry => entry.Name.EndsWith(".plain", StringComparison.Ordinal) ? entry with { Rows = recorded } : entry)
            .ToList();
        var error = await Assert.ThrowsAsync<SourceException>(() => made.RunAsync(
            made.Request(made.Database + "_other") with { ReadsBack = false, Recorded = wrong }, Cancellation));
        Assert.Equal(SourceError.Mismatch, error.Error);
        Assert.Contains("public.plain had", error.Message, StringComparison.Ordinal);
        await made.AssertNothingLeftAsync(Cancellation);
    }

    private async Task<RestoreCase> MakeAsync(string name) =>
        await RestoreCase.MakeAsync(await shared.GetAsync(Cancellation), shared.NameDatabase(name), Sql, Cancellation);

    private static void AssertRows(IReadOnlyList<EntryFacts> entries) => Assert.Equal(
        [("empty", 0L), ("parted_1", 50L), ("parted_2", 50L), ("plain", 1234L)],
        entries.Select(entry => (entry.Name[(entry.Name.LastIndexOf('.') + 1)..], entry.Rows!.Value)).OrderBy(pair => pair.Item1, StringComparer.Ordinal));
}
