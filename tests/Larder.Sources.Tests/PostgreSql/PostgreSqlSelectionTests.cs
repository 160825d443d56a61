using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>Which databases and tables are taken.</summary>
[Trait("Kind", "server")]
public sealed class PostgreSqlSelectionTests(SharedPostgresServer shared) : IAsyncLifetime
{
    private const string Odd = "odd/n\\ame = 'x' \"ö\"\n%";

    private readonly TemporaryFolder folder = new();
    private PostgresServer server = null!;
    private string first = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await shared.GetAsync(Cancellation);
        first = shared.NameDatabase("first");
        await MakeAsync(server, first);
    }

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    [Fact]
    public async Task All_leaves_out_templates_and_what_takes_no_connections_and_says_so()
    {
        await using var own = await PostgresServer.StartAsync(Cancellation); // All of a server that others use too would be anything.
        await MakeAsync(own, "first");
        await MakeAsync(own, Odd);
        await own.CreateDatabaseAsync("pattern", Cancellation, "IS_TEMPLATE true");
        await own.CreateDatabaseAsync("closed", Cancellation, "ALLOW_CONNECTIONS false");
        var source = new PostgreSqlSource(new() { Url = own.Url(), AllDatabases = true }, TimeProvider.System);
        await using (var session = await source.OpenAsync(Cancellation))
        {
            Assert.Equal("snapshot per database", session.Description.Consistency);
            Assert.Equal($"first, {Odd}, postgres", session.Description.DatabaseName);
            Assert.Equal($"127.0.0.1:{own.Port}", session.Description.DatabaseHost);
            Assert.Equal("UTF8", session.Description.Encoding);
            Assert.StartsWith("15", session.Description.EngineVersion, StringComparison.Ordinal);
            Assert.StartsWith("15", session.Description.ToolVersion, StringComparison.Ordinal);
        }
        var outcome = await StoredSession.WriteAsync(source, folder.FullPath, Cancellation);

        Assert.Equal(["first", "globals.sql", DatabaseFolder.Encode(Odd), "postgres"], folder.Names);
        Assert.Equal(["closed", "pattern"], outcome.NotCaptured.Select(gap => gap.Path));
        Assert.Contains(outcome.Entries, facts => facts is { Name: "first.public.t", Kind: "table", Rows: 2, Duration: not null });
        Assert.Equal(
            outcome.Entries.Select(facts => facts with { Duration = null }),
            await new PostgreSqlCheck().ReadFactsAsync(new FolderDump(folder.FullPath), _ => { }, Cancellation));
    }

    [Fact]
    public async Task A_database_with_any_name_is_found_by_it_and_restored_by_stock_pg_restore()
    {
        await MakeAsync(server, Odd);
        var settings = new PostgreSqlSettings { Url = server.Url(), Databases = [Odd], Globals = false };
        await StoredSession.WriteAsync(settings, folder.FullPath, Cancellation);
        Assert.Equal([DatabaseFolder.Encode(Odd)], folder.Names);
        var again = shared.NameDatabase("again");
        await server.CreateDatabaseAsync(again, Cancellation);
        (await ChildProcess.RunAsync(
            server.Tool("pg_restore", "-Fd", "--exit-on-error", "-d", again, folder[DatabaseFolder.Encode(Odd)]), Cancellation)).Expect();
        Assert.Equal(2L, await server.ScalarAsync(again, "SELECT count(*) FROM t", Cancellation));
    }

    [Fact]
    public async Task Excluded_tables_are_left_out_and_the_manifest_says_so()
    {
        await server.ExecuteAsync(
            first,
            "CREATE SCHEMA logs; CREATE TABLE logs.a (x int); CREATE TABLE logs.b (x int); CREATE TABLE cache_1 (x int)",
            Cancellation);
        var settings = StoredSession.Settings(server, first) with { Exclude = ["logs.*", "cache_?"] };
        await new PostgreSqlSource(settings, TimeProvider.System).ProbeAsync(Cancellation);
        var outcome = await StoredSession.WriteAsync(settings, folder.FullPath, Cancellation);
        Assert.Equal(["globals", $"{first}.public.t"], outcome.Entries.Select(facts => facts.Name));
        Assert.Equal(2, outcome.NotCaptured.Count);
        Assert.Contains("logs.*", outcome.NotCaptured[0].Reason, StringComparison.Ordinal);
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public async Task Rows_keep_the_bytes_of_the_databases_own_encoding()
    {
        var latin = shared.NameDatabase("latin");
        await server.CreateDatabaseAsync(latin, Cancellation, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
        await server.ExecuteAsync(latin, "CREATE TABLE \"größe\" (a text); INSERT INTO \"größe\" VALUES ('ü')", Cancellation);
        var outcome = await StoredSession.WriteAsync(
            StoredSession.Settings(server, latin) with { Globals = false }, folder.FullPath, Cancellation);

        var facts = Assert.Single(outcome.Entries);
        Assert.Equal($"{latin}.public.größe", facts.Name);
        Assert.Equal([0xFC, .. "\n\\.\n\n\n"u8], await File.ReadAllBytesAsync(folder[facts.File], Cancellation));
        var again = shared.NameDatabase("again");
        await server.CreateDatabaseAsync(again, Cancellation);
        (await ChildProcess.RunAsync(
            server.Tool("pg_restore", "-Fd", "--exit-on-error", "-d", again, folder[latin]), Cancellation)).Expect();
        Assert.Equal("ü", await server.ScalarAsync(again, "SELECT a FROM \"größe\"", Cancellation));
    }

    [Fact]
    public async Task A_database_without_any_table_is_whole_and_not_empty()
    {
        var bare = shared.NameDatabase("bare");
        await server.CreateDatabaseAsync(bare, Cancellation);
        var outcome = await StoredSession.WriteAsync(
            StoredSession.Settings(server, bare) with { Globals = false }, folder.FullPath, Cancellation);
        Assert.Empty(outcome.Entries);
        Assert.True(File.Exists(folder.Combine(bare, "toc.dat")));
    }

    [Fact]
    public async Task Thousands_of_small_tables_come_whole()
    {
        await server.ExecuteAsync(
            first,
            """
            DO $$ BEGIN FOR n IN 1..2000 LOOP
                EXECUTE format('CREATE TABLE small_%s AS SELECT g FROM generate_series(1, %s) g', n, n % 7);
            END LOOP; END $$
            """,
            Cancellation);
        var outcome = await StoredSession.WriteAsync(
            StoredSession.Settings(server, first) with { Globals = false }, folder.FullPath, Cancellation);
        Assert.Equal(2001, outcome.Entries.Count);
        Assert.Equal(2 + Enumerable.Range(1, 2000).Sum(n => n % 7), outcome.Entries.Sum(facts => facts.Rows));
    }

    private static async Task MakeAsync(PostgresServer server, string database)
    {
        await server.CreateDatabaseAsync(database, Cancellation);
        await server.ExecuteAsync(database, "CREATE TABLE t (a text); INSERT INTO t VALUES ('x'), ('y')", Cancellation);
    }
}
