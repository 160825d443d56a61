using Larder.Sources.Sqlite;
using Larder.Sources.Tools;
using Larder.Testing;

namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string path;

    public SqliteCheckTests() => path = folder["app.sqlite"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_that_only_look_alike_have_different_fingerprints()
    {
        string[] values = ["NULL", "''", "0", "0.0", "x''", "'0'", "x'30'", "'NULL'", "-0.5", "1", "1.5", "'a'", "char(0)", "x'00'"];
        TestDatabase.Execute(path, [.. values.Select((value, number) => $"CREATE TABLE t{number} AS SELECT {value} AS v")]);
        var tables = (await SqliteCheck.InspectAsync(path, Cancellation)).Where(facts => facts.Kind == "table").ToList();
        Assert.Equal(values.Length, tables.Count);
        Assert.All(tables, facts => Assert.Equal(1, facts.Rows));
        Assert.Equal(values.Length, tables.Select(facts => facts.Fingerprint).Distinct().Count());
    }

    [Fact]
    public async Task Bytes_cannot_move_from_one_column_to_the_next()
    {
        TestDatabase.Execute(
            path, "CREATE TABLE a(x, y)", "INSERT INTO a VALUES('ab', 'c')", "CREATE TABLE b(x, y)", "INSERT INTO b VALUES('a', 'bc')");
        Assert.NotEqual((await FactsAsync("a")).Fingerprint, (await FactsAsync("b")).Fingerprint);
    }

    [Theory]
    [InlineData(65531)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(5_000_000)]
    public async Task Large_values_count_to_their_last_byte(int bytes)
    {
        TestDatabase.Execute(
            path,
            "CREATE TABLE a(x, y, z)",
            $"INSERT INTO a VALUES('s', zeroblob({bytes}), 'e')",
            "CREATE TABLE b(x, y, z)",
            $"INSERT INTO b VALUES('s', CAST(zeroblob({bytes - 1}) || x'01' AS BLOB), 'e')",
            "CREATE TABLE c(x, y, z)",
            "INSERT INTO c SELECT * FROM a");
        Assert.NotEqual((await FactsAsync("a")).Fingerprint, (await FactsAsync("b")).Fingerprint);
        Assert.Equal((await FactsAsync("a")).Fingerprint, (await FactsAsync("c")).Fingerprint);
    }

    [Fact]
    public async Task Every_kind_of_table_is_counted_whatever_its_name()
    {
        TestDatabase.Execute(
            path,
            "CREATE TABLE \"odd \"\"name\"\" ä 表; --\"(\"a \"\"b\"\"\" TEXT, \"select\" INT)",
            "INSERT INTO \"odd \"\"name\"\" ä 表; --\" VALUES('ü', 1), (NULL, 2)",
            "CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID",
            "INSERT INTO keyed VALUES('a', 1), ('b', 2), ('c', 3)",
            "CREATE TABLE numbered(id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
            "INSERT INTO numbered(v) VALUES('x')",
            "CREATE TABLE computed(a INT, b INT AS (a*2) VIRTUAL, c INT AS (a*3) STORED)",
            "INSERT INTO computed VALUES(1), (2)",
            "CREATE TABLE typed(a INT, b TEXT) STRICT",
            "CREATE VIRTUAL TABLE search USING fts5(body)",
            "INSERT INTO search VALUES('hello world')",
            "CREATE VIEW seen AS SELECT * FROM keyed",
            "CREATE INDEX by_v ON keyed(v)",
            "CREATE TRIGGER t AFTER INSERT ON keyed BEGIN SELECT 1; END");
        var facts = await SqliteCheck.InspectAsync(path, "db/app.sqlite", Cancellation);
        var rows = facts.ToDictionary(table => table.Name, table => table.Rows);
        Assert.Equal(2, rows["odd \"name\" ä 表; --"]);
        Assert.Equal(3, rows["keyed"]);
        Assert.Equal(1, rows["numbered"]);
        Assert.Equal(1, rows["sqlite_sequence"]);
        Assert.Equal(2, rows["computed"]);
        Assert.Equal(0, rows["typed"]);
        Assert.Equal(1, rows["search_content"]);
        Assert.DoesNotContain("search", rows.Keys); // Only a view of its hidden tables.
        Assert.Equal(TestDatabase.Query(path, "SELECT count(*) FROM sqlite_schema"), rows["sqlite_schema"]);
        Assert.All(facts, table => Assert.Equal("db/app.sqlite", table.File));
    }

    [Fact]
    public async Task A_changed_definition_changes_the_schema_and_a_changed_row_only_its_table()
    {
        TestDatabase.Execute(path, "CREATE TABLE a(x)", "INSERT INTO a VALUES(1)", "CREATE TABLE b(x)");
        var before = await SqliteCheck.InspectAsync(path, Cancellation);
        TestDatabase.Execute(path, "UPDATE a SET x=2");
        Assert.Equal(["a"], Changed(before, await SqliteCheck.InspectAsync(path, Cancellation)));
        TestDatabase.Execute(path, "UPDATE a SET x=1", "VACUUM", "CREATE VIEW v AS SELECT 1");
        Assert.Equal(["sqlite_schema"], Changed(before, await SqliteCheck.InspectAsync(path, Cancellation)));
    }

    [Fact]
    public async Task Text_in_UTF_16_has_the_fingerprint_of_the_same_text_in_UTF_8()
    {
        TestDatabase.Execute(path, "CREATE TABLE t(a)", "INSERT INTO t VALUES('Zoë 表 😀')");
        var narrow = await FactsAsync("t");
        File.Delete(path);
        TestDatabase.Execute(path, "PRAGMA encoding='UTF-16be'", "CREATE TABLE t(a)", "INSERT INTO t VALUES('Zoë 表 😀')");
        Assert.Equal(narrow.Fingerprint, (await FactsAsync("t")).Fingerprint);
    }

    [Fact]
    public async Task Functions_and_collations_that_only_the_application_has_hinder_nothing()
    {
        var script = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            c.create_collation('weird', lambda a, b: (a[::-1] > b[::-1]) - (a[::-1] < b[::-1]))
            c.create_function('twice', 1, lambda x: x * 2, deterministic=True)
            c.execute('create table t(a text collate weird unique, b int check(twice(b) > 0), c int as (twice(b)) virtual)')
            c.execute('create index i on t(twice(b))')
            c.executemany('insert into t(a, b) values(?, ?)', [('az', 1), ('by', 2), ('cx', 3)])
            c.execute('create table k(a text collate weird primary key) without rowid')
            c.executemany('insert into k values(?)', [('az',), ('by',)])
            c.commit()
            """;
        if (ProgramPath.Find("python3") is null)
        {
            Assert.Skip("python3 is the application here.");
        }
        var start = new ToolStart { Program = "python3", Arguments = ["-c", script, path], ShownName = "The application" };
        await using (var application = ToolProcess.Start(start, TimeProvider.System))
        {
            await application.CompleteAsync(Cancellation);
        }
        Assert.Equal(3, (await FactsAsync("t")).Rows);
        Assert.Equal(2, (await FactsAsync("k")).Rows);
    }

    [Fact]
    public async Task Looking_leaves_nothing_beside_the_file_even_in_WAL_mode()
    {
        TestDatabase.Execute(path, "PRAGMA journal_mode=WAL", "CREATE TABLE t(a)");
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        await SqliteCheck.InspectAsync(path, Cancellation);
        Assert.Equal(["app.sqlite"], folder.Names);
    }

    [Fact]
    public async Task A_missing_file_is_not_found_and_not_made()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() => SqliteCheck.InspectAsync(path, Cancellation));
        Assert.Equal(SourceError.NotFound, error.Error);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public async Task A_check_can_be_cancelled_while_it_runs()
    {
        TestDatabase.Execute(
            path,
            "CREATE TABLE t(a)",
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<300000) INSERT INTO t SELECT i FROM n");
        using var cancellation = new CancellationTokenSource();
        var check = SqliteCheck.InspectAsync(path, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
    }

    private async Task<EntryFacts> FactsAsync(string table) =>
        (await SqliteCheck.InspectAsync(path, Cancellation)).Single(facts => facts.Name == table);

    private static IEnumerable<string> Changed(IReadOnlyList<EntryFacts> before, IReadOnlyList<EntryFacts> after) =>
        after.Where(facts => before.Single(old => old.Name == facts.Name) != facts).Select(facts => facts.Name);

    public void Dispose() => folder.Dispose();
}
