using Larder.Sources.Dumps;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class WholeDatabaseTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_database_with_every_feature_comes_back_without_a_difference_under_another_name(int jobs)
    {
        await using var made = await MakeFeaturesAsync();
        var target = made.Database + "_restored";
        var outcome = await made.RunAsync(made.Request(target) with { Jobs = jobs }, Cancellation);

        Assert.Empty(outcome.Warnings);
        await AssertEqualAsync(made, target);
        Assert.Equal(
            made.Outcome.Entries.Where(entry => entry.Kind == "table").Select(entry => (entry.Name, entry.Rows, entry.Fingerprint)).Order(),
            outcome.Entries.Where(entry => entry.Kind == "table").Select(entry => (entry.Name, entry.Rows, entry.Fingerprint)).Order());
        await made.AssertNothingLeftAsync(Cancellation);
    }

    [Fact]
    public async Task A_database_in_use_is_replaced_at_one_moment_and_its_settings_are_those_of_the_dump()
    {
        await using var made = await MakeFeaturesAsync();
        var server = made.Server;
        await server.ExecuteAsync(made.Database, "DROP TABLE people CASCADE; CREATE TABLE later (a int)", Cancellation);
        await server.ExecuteAsync("postgres", $"ALTER DATABASE {made.Database} RESET search_path; COMMENT ON DATABASE {made.Database} IS 'x'", Cancellation);
        await using var user = await server.ConnectAsync(made.Database, Cancellation);

        var refused = await made.Restore().PlanAsync(made.Dump, made.Request(), Cancellation);
        Assert.Contains(refused.Refusals, refusal => refusal.Contains("is there and not empty", StringComparison.Ordinal));
        await made.RunAsync(made.Request(mayReplace: true), Cancellation);

        Assert.Equal(3003L, await server.ScalarAsync(made.Database, "SELECT count(*) FROM people", Cancellation));
        Assert.Equal(DBNull.Value, await server.ScalarAsync(made.Database, "SELECT to_regclass('later')::text", Cancellation));
        Assert.Equal("It's commented", await server.ScalarAsync(
            made.Database, "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()", Cancellation));
        Assert.Equal("public, odd", await server.ScalarAsync(made.Database, "SHOW search_path", Cancellation));
        await made.AssertNothingLeftAsync(Cancellation);
    }

    [Fact]
    public async Task Three_thousand_tiny_tables_come_back()
    {
        const string sql = """
            DO $$ BEGIN FOR n IN 1..3000 LOOP
                EXECUTE format('CREATE TABLE t%s (a int PRIMARY KEY)', n);
                EXECUTE format('INSERT INTO t%s SELECT generate_series(1, %s)', n, n % 5);
                IF n % 500 = 0 THEN COMMIT; END IF; -- Each table takes a lock until then.
            END LOOP; END $$
            """;
        await using var made = await RestoreCase.MakeAsync(await shared.GetAsync(Cancellation), shared.NameDatabase("tiny"), sql, Cancellation);
        var outcome = await made.RunAsync(made.Request(made.Database + "_restored"), Cancellation);
        Assert.Equal(3000, outcome.Entries.Count);
        Assert.Equal(6000, outcome.Entries.Sum(entry => entry.Rows));
    }

    [Fact]
    public async Task Definitions_alone_make_empty_tables()
    {
        await using var made = await MakeFeaturesAsync();
        var target = made.Database + "_schema";
        await made.RunAsync(made.Request(target) with { Part = DumpPart.Schema }, Cancellation);
        Assert.Equal(
            await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation),
            await StoredSession.DescribeSchemaAsync(made.Server, target, Cancellation));
        Assert.Equal(0L, await made.Server.ScalarAsync(target, "SELECT count(*) FROM people", Cancellation));
        Assert.Equal(0L, await made.Server.ScalarAsync(target, "SELECT count(*) FROM pg_largeobject_metadata", Cancellation));
    }

    private async Task<RestoreCase> MakeFeaturesAsync() => await RestoreCase.MakeAsync(
        await shared.GetAsync(Cancellation),
        shared.NameDatabase("features"),
        (server, database) => FeatureDatabase.MakeAsync(server, database, Cancellation),
        Cancellation);

    /// <summary>By the catalogs and by dumping both again, large objects included.</summary>
    private static async Task AssertEqualAsync(RestoreCase made, string target)
    {
        Assert.Equal(
            await StoredSession.DescribeSchemaAsync(made.Server, made.Database, Cancellation),
            await StoredSession.DescribeSchemaAsync(made.Server, target, Cancellation));
        await using var again = new TemporaryFolder();
        var read = await StoredSession.WriteAsync(StoredSession.Settings(made.Server, target), again.FullPath, Cancellation);
        Assert.Equal(Facts(made.Outcome, made.Database), Facts(read, target));
    }

    private static List<(string, long?, Fingerprint?)> Facts(SourceOutcome outcome, string database) =>
    [
        .. outcome.Entries
            .Where(entry => entry.File != "globals.sql")
            .Select(entry => (entry.Name[database.Length..], entry.Rows, entry.Fingerprint))
            .Order(),
    ];
}
