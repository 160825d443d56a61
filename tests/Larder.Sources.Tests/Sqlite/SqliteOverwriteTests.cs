using Larder.Sources.Native;
using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteOverwriteTests : IDisposable
{
    private const int LargeRows = 12_000; // Of 1,000 bytes: three steps of 4 MiB.

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly TemporaryFolder folder = new();
    private readonly TemporaryFolder elsewhere = new();
    private readonly string live;
    private readonly string copy;

    public SqliteOverwriteTests()
    {
        live = folder["app.sqlite"];
        copy = elsewhere["restored"];
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("DELETE", "DELETE")]
    [InlineData("DELETE", "WAL")]
    [InlineData("WAL", "WAL")]
    [InlineData("WAL", "DELETE")]
    [InlineData("PERSIST", "DELETE")]
    public async Task The_live_file_gets_all_of_the_restored_content_and_keeps_its_inode(string journalMode, string restoredMode)
    {
        SqliteSubject.Write(live, journalMode, "old");
        TestDatabase.Execute(live, "CREATE TABLE gone(b)", "INSERT INTO gone SELECT randomblob(100000)");
        SqliteSubject.Write(copy, restoredMode, "new");
        var inode = LibcPath.ReadAttributes(live).Inode;
        var recorded = await SqliteCheck.InspectAsync(copy, Cancellation);

        await WriteAsync();

        Assert.Equal("new", SqliteSubject.Read(live));
        Assert.Equal(inode, LibcPath.ReadAttributes(live).Inode);
        SqliteFacts.Compare(recorded, await SqliteCheck.InspectAsync(live, Cancellation), live);
        Assert.Equal(journalMode == "WAL" ? "wal" : restoredMode == "WAL" ? "wal" : "delete", Mode(live));
    }

    [Fact]
    public async Task A_reader_of_a_database_with_a_log_sees_the_old_content_until_it_asks_anew()
    {
        SqliteSubject.Write(live, "WAL", "old");
        SqliteSubject.Write(copy, "DELETE", "new");
        using var reader = Sqlite3Connection.Open(live);
        reader.Execute("BEGIN");
        Assert.Equal("old", reader.QueryText("SELECT a FROM t"));
        await WriteAsync();
        Assert.Equal("old", reader.QueryText("SELECT a FROM t"));
        reader.Execute("COMMIT");
        Assert.Equal("new", reader.QueryText("SELECT a FROM t"));
    }

    [Theory]
    [InlineData("DELETE", "BEGIN")]
    [InlineData("DELETE", "BEGIN IMMEDIATE")]
    [InlineData("WAL", "BEGIN IMMEDIATE")]
    public async Task While_another_program_holds_it_up_nothing_is_written(string journalMode, string begin)
    {
        SqliteSubject.Write(live, journalMode, "old");
        SqliteSubject.Write(copy, "DELETE", "new");
        using var other = Sqlite3Connection.Open(live);
        other.Execute(begin);
        Assert.Equal("old", other.QueryText("SELECT a FROM t"));
        var error = await Assert.ThrowsAsync<SourceException>(WriteAsync);
        Assert.Equal(SourceError.TargetBusy, error.Error);
        other.Execute("COMMIT");
        Assert.Equal("old", SqliteSubject.Read(live));
        await WriteAsync();
        Assert.Equal("new", SqliteSubject.Read(live));
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task Killed_with_SIGKILL_between_pages_it_is_as_before(string journalMode)
    {
        for (var steps = 1; ; steps++)
        {
            File.Delete(live);
            File.Delete(live + "-wal");
            File.Delete(copy);
            WriteLarge(live, journalMode, "old");
            WriteLarge(copy, "DELETE", "new");
            var killed = await KilledChild.RunAsync(
                new KilledWork { Operation = "overwrite", Calls = steps, Copy = copy, Live = live }, Cancellation);
            Assert.Equal("ok", Query("PRAGMA integrity_check"));
            Assert.Equal(LargeRows, TestDatabase.Query(live, $"SELECT count(*) FROM t WHERE a='{(killed ? "old" : "new")}'"));
            if (!killed)
            {
                Assert.True(steps > 2);
                return;
            }
        }
    }

    [Fact]
    public async Task Cancelled_it_is_as_before()
    {
        WriteLarge(live, "WAL", "old");
        WriteLarge(copy, "DELETE", "new");
        using var cancelling = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => SqliteOverwrite.WriteAsync(copy, live, Patience, TimeProvider.System, cancelling.Token, _ => cancelling.Cancel()));
        Assert.Equal("ok", Query("PRAGMA integrity_check"));
        Assert.Equal(LargeRows, TestDatabase.Query(live, "SELECT count(*) FROM t WHERE a='old'"));
    }

    [Fact]
    public async Task Other_pages_fit_without_a_log_and_are_refused_with_one()
    {
        TestDatabase.Execute(copy, "PRAGMA page_size=1024", "CREATE TABLE t(a)", "INSERT INTO t VALUES('new')");
        SqliteSubject.Write(live, "WAL", "old");
        var error = await Assert.ThrowsAsync<SourceException>(WriteAsync);
        Assert.Equal(SourceError.TargetFailed, error.Error);
        Assert.Contains("journal_mode=DELETE", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", SqliteSubject.Read(live));
        TestDatabase.Execute(live, "PRAGMA journal_mode=DELETE");
        await WriteAsync();
        Assert.Equal("new", SqliteSubject.Read(live));
    }

    [Fact]
    public async Task A_full_disk_leaves_it_as_before()
    {
        var small = folder.Make("small");
        (await ChildProcess.RunAsync(new ChildCommand("mount", "-t", "tmpfs", "-o", "size=4m", "none", small), Cancellation)).Expect();
        try
        {
            var target = Path.Combine(small, "app.sqlite");
            SqliteSubject.Write(target, "DELETE", "old");
            WriteLarge(copy, "DELETE", "new");
            var error = await Assert.ThrowsAsync<SourceException>(
                () => SqliteOverwrite.WriteAsync(copy, target, Patience, TimeProvider.System, Cancellation));
            Assert.Equal(SourceError.TargetFull, error.Error);
            Assert.Equal("old", SqliteSubject.Read(target));
        }
        finally
        {
            (await ChildProcess.RunAsync(new ChildCommand("umount", small), CancellationToken.None)).Expect();
        }
    }

    [Fact]
    public async Task What_is_no_database_or_not_there_is_refused()
    {
        SqliteSubject.Write(copy, "DELETE", "new");
        var missing = await Assert.ThrowsAsync<SourceException>(WriteAsync);
        Assert.Equal(SourceError.NotFound, missing.Error);
        await File.WriteAllTextAsync(live, new string('x', 5000), Cancellation);
        var damaged = await Assert.ThrowsAsync<SourceException>(WriteAsync);
        Assert.Equal(SourceError.TargetFailed, damaged.Error);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(live, Cancellation));
    }

    private Task WriteAsync() => SqliteOverwrite.WriteAsync(copy, live, Patience, TimeProvider.System, Cancellation);

    private static void WriteLarge(string path, string journalMode, string content) => TestDatabase.Execute(
        path,
        $"PRAGMA journal_mode={journalMode}",
        "CREATE TABLE t(a, b)",
        $"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<{LargeRows}) "
        + $"INSERT INTO t SELECT '{content}', zeroblob(1000) FROM n");

    private static string? Mode(string path)
    {
        using var connection = Sqlite3Connection.Open(path);
        return connection.QueryText("PRAGMA journal_mode");
    }

    private string? Query(string sql)
    {
        using var connection = Sqlite3Connection.Open(live);
        return connection.QueryText(sql);
    }

    public void Dispose()
    {
        folder.Dispose();
        elsewhere.Dispose();
    }
}
