using Larder.Sources.Native;
using Larder.Sources.Sqlite;
using Larder.Sources.Tools;
using Larder.Testing;

namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteSourceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string path;

    public SqliteSourceTests() => path = folder["app.sqlite"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("WAL", 20)]
    [InlineData("DELETE", 6)]
    public async Task Backups_beside_a_busy_writer_each_hold_whole_transactions(string journalMode, int backups)
    {
        const int accounts = 1000;
        TestDatabase.Execute(
            path,
            $"PRAGMA journal_mode={journalMode}",
            "CREATE TABLE account(id INTEGER PRIMARY KEY, cents INTEGER, note BLOB)",
            $"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<{accounts}) "
                + "INSERT INTO account SELECT i, 1000, randomblob(8000) FROM n",
            "CREATE TABLE transfer(id INTEGER PRIMARY KEY, cents INTEGER)",
            "CREATE INDEX by_cents ON transfer(cents)");

        // The application is running: setting up the log by the first and taking it away by the last connection lock for a moment.
        using var application = Sqlite3Connection.Open(path);
        application.Execute("SELECT count(*) FROM account");

        // Another process. In WAL mode it has no patience at all: were it ever made to wait, it would end with "database is locked".
        var transfer = $"BEGIN IMMEDIATE; UPDATE account SET cents=cents-7 WHERE id=1+abs(random())%{accounts}; "
            + $"UPDATE account SET cents=cents+7 WHERE id=1+abs(random())%{accounts}; INSERT INTO transfer(cents) VALUES(7); COMMIT;";
        var patience = journalMode == "WAL" ? "" : "-cmd '.timeout 30000' -cmd 'PRAGMA synchronous=OFF'";
        await using var writer = ToolProcess.Start(
            ToolStart.Shell($"yes '{transfer}' | sqlite3 -bail {patience} '{path}'", "The writer"), TimeProvider.System);

        var source = new SqliteSource(new SqliteSettings { Path = path }, TimeProvider.System, folder.Make("tmp"));
        var counts = new List<long?>();
        for (var number = 0; number < backups; number++)
        {
            var copy = folder[$"copy{number}.sqlite"];
            var outcome = await TestDatabase.BackUpAsync(source, copy, Cancellation);
            Assert.Empty(outcome.Warnings);
            Assert.Equal("ok", await RunSqliteAsync(copy, "PRAGMA integrity_check"));
            Assert.Equal($"{accounts * 1000}", await RunSqliteAsync(copy, "SELECT sum(cents) FROM account"));
            var transfers = outcome.Entries.Single(entry => entry.Name == "transfer").Rows;
            Assert.Equal($"{transfers}", await RunSqliteAsync(copy, "SELECT count(*) FROM transfer"));
            counts.Add(transfers);
            File.Delete(copy);
        }

        Assert.Equal("", writer.ErrorText);
        Assert.Equal(counts.Order(), counts);
        Assert.True(counts.Distinct().Count() > backups / 2, $"The writer was not busy: {string.Join(' ', counts)}.");
        await writer.DisposeAsync(); // Before its database goes.
    }

    [Theory]
    [InlineData(512, "DELETE")]
    [InlineData(1024, "WAL")]
    [InlineData(4096, "TRUNCATE")]
    [InlineData(65536, "WAL")]
    [InlineData(65536, "PERSIST")]
    public async Task Every_page_size_and_journal_mode_is_copied_whole(int pageBytes, string journalMode)
    {
        TestDatabase.Execute(
            path,
            $"PRAGMA page_size={pageBytes}",
            $"PRAGMA journal_mode={journalMode}",
            "CREATE TABLE t(a, b)",
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<3000) INSERT INTO t SELECT i, hex(randomblob(i % 90)) FROM n",
            "DELETE FROM t WHERE a % 3 = 0");
        var copy = folder["copy.sqlite"];
        var outcome = await TestDatabase.BackUpAsync(Source(), copy, Cancellation);
        Assert.Equal(2000, outcome.Entries.Single(entry => entry.Name == "t").Rows);
        Assert.Equal($"{pageBytes}", await RunSqliteAsync(copy, "PRAGMA page_size"));
        Assert.Equal(await RunSqliteAsync(path, "SELECT a, b FROM t"), await RunSqliteAsync(copy, "SELECT a, b FROM t"));
    }

    [Fact]
    public async Task What_only_the_write_ahead_log_holds_is_in_the_copy()
    {
        using var application = Sqlite3Connection.Create(path);
        application.Execute("PRAGMA journal_mode=WAL");
        application.Execute("PRAGMA wal_autocheckpoint=0");
        application.Execute("CREATE TABLE t(a)");
        application.Execute("INSERT INTO t VALUES('only in the log')");
        Assert.Equal(4096, new FileInfo(path).Length);

        var copy = folder["copy.sqlite"];
        await TestDatabase.BackUpAsync(Source(), copy, Cancellation);
        Assert.Equal("only in the log", await RunSqliteAsync(copy, "SELECT a FROM t"));
        Assert.Equal(4096, new FileInfo(path).Length); // And nothing was written to the application's file.
    }

    [Fact]
    public async Task A_transaction_that_a_dead_program_left_half_done_is_not_in_the_copy()
    {
        var dead = folder["dead.sqlite"];
        TestDatabase.Execute(dead, "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)");
        using (var application = Sqlite3Connection.Open(dead))
        {
            application.Execute("PRAGMA cache_size=1");
            application.Execute("PRAGMA cache_spill=1");
            application.Execute("BEGIN");
            application.Execute(
                "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO t SELECT randomblob(100) FROM n");
            TestDatabase.CopyAsLeftByACrash(dead, path);
        }
        Assert.True(new FileInfo(path).Length > 100_000);
        Assert.True(File.Exists(path + "-journal"));

        var copy = folder["copy.sqlite"];
        await TestDatabase.BackUpAsync(Source(), copy, Cancellation);
        Assert.Equal("1", await RunSqliteAsync(copy, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task An_empty_file_is_an_empty_database()
    {
        await File.Create(path).DisposeAsync();
        var copy = folder["copy.sqlite"];
        var outcome = await TestDatabase.BackUpAsync(Source(), copy, Cancellation);
        Assert.Equal(0, Assert.Single(outcome.Entries).Rows);
        Assert.Equal("ok", await RunSqliteAsync(copy, "PRAGMA integrity_check"));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(8192)]
    public async Task A_file_that_is_no_database_or_is_encrypted_is_named_so(int bytes)
    {
        var content = new byte[bytes];
        new Random(20240708).NextBytes(content);
        await File.WriteAllBytesAsync(path, content);
        var error = await Assert.ThrowsAsync<SourceException>(() => Source().OpenAsync(Cancellation));
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains("not a SQLite database, or it is encrypted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_fails_the_session_with_the_first_problems()
    {
        TestDatabase.Execute(
            path,
            "CREATE TABLE t(a)",
            "CREATE INDEX i ON t(a)",
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO t SELECT hex(randomblob(20)) FROM n");
        using (var file = File.Open(path, FileMode.Open))
        {
            file.Position = 4096 * 10;
            file.Write(new byte[4096]);
        }
        var error = await Assert.ThrowsAsync<SourceException>(() => TestDatabase.BackUpAsync(Source(), folder["copy"], Cancellation));
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_held_exclusively_is_unreachable_once_the_patience_is_over()
    {
        TestDatabase.Execute(path, "CREATE TABLE t(a)");
        using var application = Sqlite3Connection.Open(path);
        application.Execute("BEGIN EXCLUSIVE");
        var impatient = new SqliteSource(
            new SqliteSettings { Path = path, BusyTimeout = TimeSpan.FromMilliseconds(200) }, TimeProvider.System, folder.Make("tmp"));
        var error = await Assert.ThrowsAsync<SourceException>(() => impatient.OpenAsync(Cancellation));
        Assert.Equal(SourceError.Unreachable, error.Error);

        var patient = Source().OpenAsync(Cancellation);
        application.Execute("COMMIT");
        await (await patient).DisposeAsync();
    }

    [Fact]
    public async Task Waiting_for_a_lock_can_be_cancelled()
    {
        TestDatabase.Execute(path, "CREATE TABLE t(a)");
        using var application = Sqlite3Connection.Open(path);
        application.Execute("BEGIN EXCLUSIVE");
        using var cancellation = new CancellationTokenSource();
        var opening = Source().OpenAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }

    [Fact]
    public async Task Too_little_room_for_the_copy_is_said_beforehand()
    {
        TestDatabase.Execute(path, "CREATE TABLE t(a)", "INSERT INTO t VALUES(zeroblob(100000))");
        var source = new SqliteSource(new SqliteSettings { Path = path }, TimeProvider.System, folder.FullPath, freeBytes: _ => 50_000);
        var error = await Assert.ThrowsAsync<SourceException>(() => source.OpenAsync(Cancellation));
        Assert.Equal(SourceError.TargetFull, error.Error);
        Assert.Contains("50000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_copies_of_dead_processes_are_removed_and_those_of_living_ones_are_not()
    {
        TestDatabase.Execute(path, "CREATE TABLE t(a)");
        var temporary = folder.Make("tmp");
        var dead = Path.Combine(temporary, "larder-sqlite-999999999-0011");
        var living = Path.Combine(temporary, $"larder-sqlite-{Environment.ProcessId}-0011");
        var foreign = Path.Combine(temporary, "larder-sqlite-notes");
        foreach (var file in new[] { dead, living, foreign })
        {
            await File.Create(file).DisposeAsync();
        }
        await using var session = await Source().OpenAsync(Cancellation);
        Assert.Equal(new[] { living, foreign }.Order(), Directory.EnumerateFiles(temporary).Order());
    }

    [Fact]
    public async Task The_entry_has_the_name_mode_and_time_of_the_live_file()
    {
        var odd = folder["Zoë's \"data\" 100% #1?.db"];
        TestDatabase.Execute(odd, "CREATE TABLE t(a)");
        File.SetUnixFileMode(odd, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.SetLastWriteTimeUtc(odd, new DateTime(2024, 7, 8, 14, 30, 22, DateTimeKind.Utc));
        var source = new SqliteSource(new SqliteSettings { Path = odd }, TimeProvider.System, folder.Make("tmp # ? %20"));
        await using var session = await source.OpenAsync(Cancellation);
        var entry = await session.ReadEntriesAsync(Cancellation).SingleAsync(Cancellation);
        Assert.Equal(Path.GetFileName(odd), entry.Path.ToString());
        Assert.Equal(ContentStyle.Pages, entry.Style);
        Assert.Equal(0x1A0u, entry.Attributes.Permissions);
        Assert.Equal(1720449022, entry.Attributes.ModifiedAt.Seconds);
        await session.CompleteAsync(Cancellation);
    }

    [Fact]
    public async Task A_backup_within_the_process_that_uses_the_database_leaves_its_locks_alone()
    {
        TestDatabase.Execute(path, "PRAGMA journal_mode=WAL", "CREATE TABLE t(a)");
        using var catalog = Sqlite3Connection.Open(path);
        catalog.Execute("BEGIN IMMEDIATE");
        await Source().ProbeAsync(Cancellation);
        await (await Source().OpenAsync(Cancellation)).DisposeAsync();
        await Assert.ThrowsAsync<SourceException>(() => RunSqliteAsync(path, "INSERT INTO t VALUES('from outside')"));
        catalog.Execute("COMMIT");
        Assert.Equal("", await RunSqliteAsync(path, "INSERT INTO t VALUES('from outside')"));
    }

    private SqliteSource Source() => new(new SqliteSettings { Path = path }, TimeProvider.System, folder.Make("tmp"));

    /// <summary>The independent reader.</summary>
    private static async Task<string> RunSqliteAsync(string database, string sql)
    {
        var start = new ToolStart { Program = "sqlite3", Arguments = [database, sql], ShownName = "sqlite3" };
        await using var process = ToolProcess.Start(start, TimeProvider.System);
        using var reader = new StreamReader(process.Output.AsStream());
        var text = await reader.ReadToEndAsync(Cancellation);
        await process.CompleteAsync(Cancellation);
        return text.TrimEnd('\n');
    }

    public void Dispose() => folder.Dispose();
}
