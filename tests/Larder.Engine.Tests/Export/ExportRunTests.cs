using Larder.Engine.Errors;
using Larder.Engine.Export;
using Larder.Engine.Tests.Restore;
using Larder.Sources;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Engine.Tests.Export;

public sealed class ExportRunTests
{
    private const string Tree =
        """
        mkdir -p "$0/a" "$0/b"; cd "$0"
        printf one > a/one; ln a/one b/linked; ln -s ../a/one b/symlink; head -c 3000000 /dev/zero > a/zeros
        printf x > "$(printf 'new\nline')"; printf y > "$(printf 'bad\377byte')"; printf z > "$(printf '%0150d' 7)"
        chmod 4750 a/one; touch -d '2001-02-03 04:05:06.789' a/zeros b a; touch -d '1960-01-01 00:00:00.25' a/one; mkfifo b/pipe
        """;

    private const string Schema =
        """"
        PRAGMA user_version=42; PRAGMA application_id=77;
        CREATE TABLE parent(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE) -- names
        ;
        CREATE TABLE child(parent REFERENCES parent(id), r REAL, n NUMERIC, b BLOB, twice AS (n * 2) STORED, virt AS (n + 1));
        CREATE TABLE "odd ""name"""("a b" PRIMARY KEY, "c'd") WITHOUT ROWID;
        CREATE TABLE plain(v);
        CREATE VIRTUAL TABLE words USING fts5(body);
        CREATE INDEX child_n ON child(n) WHERE n > 0;
        CREATE VIEW seen AS SELECT name FROM parent;
        CREATE TRIGGER added AFTER INSERT ON parent BEGIN INSERT INTO plain VALUES('trigger'); END;
        INSERT INTO parent(name) VALUES('it''s'), (NULL), ('two' || char(10) || 'lines'), ('cr' || char(13, 10) || 'lf'), ('nul' || char(0) || 'x'), ('äöü €');
        DELETE FROM parent WHERE id = 6;
        INSERT INTO child(parent, r, n, b) VALUES
          (1, 0.1, 9223372036854775807, x'00ff27'), (2, 1e308, -9223372036854775808, x''), (3, 2.2250738585072014e-308, 1.5, NULL),
          (1, 4.9406564584124654e-324, 'text', zeroblob(5000)), (2, 9e999, 3, 'not a blob'), (3, -9e999, 12345678901234567, 5), (1, 1e22, 0, 0.1),
          (2, 123456789012345680.0, 3.141592653589793, CAST(x'ff' AS TEXT));
        INSERT INTO child(r) SELECT random() / 3.7e3 FROM generate_series(1, 500);
        INSERT INTO child(r) SELECT (random() / 9.3e18) * pow(10, value) FROM generate_series(-300, 300);
        INSERT INTO "odd ""name""" VALUES(1, 'x'), ('k', x'01');
        INSERT INTO words VALUES('the quick brown fox'), ('lazy dogs');
        INSERT INTO plain(rowid, v) VALUES(1000, 'kept row id');
        ANALYZE;
        """";

    [Fact]
    public async Task SQL_text_read_by_sqlite3_gives_a_database_with_the_same_fingerprints()
    {
        await using var bench = new BackupBench();
        var database = bench.Folder["data/journal.db"];
        await bench.MakeDatabaseAsync(database, Schema);
        bench.AddDatabase("db", database);
        await bench.BackUpAsync();

        await ExportAsync(bench, bench.Folder["out.sql.gz"], ExportFormat.SqlGz);
        await BackupBench.ShellAsync($"zcat {bench.Folder["out.sql.gz"]} | sqlite3 -batch -bail {bench.Folder["again.db"]}");

        var expected = (await SqliteCheck.InspectAsync(database, "x", BackupBench.Token)).OrderBy(facts => facts.Name, StringComparer.Ordinal).ToList();
        var actual = (await SqliteCheck.InspectAsync(bench.Folder["again.db"], "x", BackupBench.Token)).OrderBy(facts => facts.Name, StringComparer.Ordinal);
        Assert.Contains(expected, facts => facts is { Name: "child", Rows: > 1000 });
        Assert.Equal(expected, actual);
        Assert.Equal("42\n1000|kept row id\n", (await BackupBench.Sqlite(
            bench.Folder["again.db"], "PRAGMA user_version; SELECT rowid, v FROM plain WHERE v LIKE 'kept%'")).Expect().Output);
        Assert.Equal("lazy dogs\n", (await BackupBench.Sqlite(bench.Folder["again.db"], "SELECT body FROM words WHERE words MATCH 'dogs'")).Expect().Output);
    }

    [Fact]
    public async Task An_archive_unpacked_by_tar_is_the_tree_again_and_is_the_same_each_time()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();

        var result = await ExportAsync(bench, bench.Folder["out.tar.gz"], ExportFormat.TarGz);
        await ExportAsync(bench, bench.Folder["again.tar.gz"], ExportFormat.TarGz);
        await BackupBench.ShellAsync($"mkdir {bench.Folder["out"]}; tar -xpzf {bench.Folder["out.tar.gz"]} -C {bench.Folder["out"]}");

        Assert.Empty(result.Warnings);
        Assert.Empty(FileTreeComparer.Compare(tree, bench.Folder["out"] + tree));
        Assert.Equal(new FileInfo(bench.Folder["out.tar.gz"]).Length, result.WrittenBytes);
        Assert.Equal(
            await File.ReadAllBytesAsync(bench.Folder["out.tar.gz"], BackupBench.Token), await File.ReadAllBytesAsync(bench.Folder["again.tar.gz"], BackupBench.Token));
    }

    [Fact]
    public async Task Files_are_exported_as_they_are_and_nothing_is_replaced_without_force()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();

        await ExportAsync(bench, bench.Folder["out"], ExportFormat.Native);
        Assert.Empty(FileTreeComparer.Compare(tree, bench.Folder["out"] + tree));

        foreach (var format in Enum.GetValues<ExportFormat>().Except([ExportFormat.SqlGz]))
        {
            var place = format == ExportFormat.Native ? bench.Folder["out"] : bench.Folder["out" + tree + "/a/one"];
            var refused = await Assert.ThrowsAsync<SourceException>(() => ExportAsync(bench, place, format));
            Assert.Equal(SourceError.TargetExists, refused.Error);
        }
        await ExportAsync(bench, bench.Folder["out"], ExportFormat.Native, force: true);
    }

    [Fact]
    public async Task Standard_output_takes_exactly_one_file()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();

        using var output = new MemoryStream();
        var request = new ExportRequest { Backup = "latest", To = "-", Entry = $"{tree.TrimStart('/')}/a/one" };
        await ExportRun.ExecuteAsync(bench.Context, request, output, new RunProgress(), BackupBench.Token);

        Assert.Equal("one"u8.ToArray(), output.ToArray());
        var refused = await Assert.ThrowsAsync<LarderException>(
            () => ExportRun.ExecuteAsync(bench.Context, request with { Entry = null }, output, new RunProgress(), BackupBench.Token));
        Assert.Equal(EngineError.UsageInvalid, refused.Error);
    }

    private static Task<ExportResult> ExportAsync(BackupBench bench, string to, ExportFormat format, bool force = false) => ExportRun.ExecuteAsync(
        bench.Context,
        new ExportRequest { Backup = "latest", To = to, Format = format, Force = force },
        Stream.Null,
        new RunProgress(),
        BackupBench.Token);

    private static async Task Make(string tree) =>
        (await ChildProcess.RunAsync(new ChildCommand("/bin/sh", "-ec", Tree, tree), BackupBench.Token)).Expect();
}
