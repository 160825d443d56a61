using Larder.Sources.Native;
using Larder.Sources.Sqlite;
using Larder.Sources.Tools;
using Larder.Testing;

namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteRestoreTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly TemporaryFolder folder = new();
    private readonly string target;
    private readonly string copy;

    public SqliteRestoreTests()
    {
        target = folder["app.sqlite"];
        copy = folder[".app.sqlite.larder"];
        TestDatabase.Execute(copy, "CREATE TABLE t(a)", "INSERT INTO t VALUES('new')");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    [InlineData("PERSIST")]
    public async Task The_old_database_is_kept_and_the_new_one_has_its_mode(string journalMode)
    {
        MakeOld(target, journalMode);
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var kept = await SwapAsync();
        Assert.NotNull(kept);
        Assert.Matches(@"app\.sqlite\.replaced-\d{8}_\d{6}$", kept);
        Assert.Equal(new[] { "app.sqlite", Path.GetFileName(kept) }.Order(), folder.Names);
        Assert.Equal("new", Read(target));
        Assert.Equal("old", Read(kept));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(target));
    }

    [Fact]
    public async Task Where_nothing_stood_the_copy_is_put_and_a_log_of_a_database_long_gone_is_moved_away()
    {
        await File.WriteAllTextAsync(target + "-wal", "foreign", Cancellation);
        await File.WriteAllTextAsync(target + "-journal", "foreign", Cancellation);
        Assert.Null(await SwapAsync());
        Assert.Equal("new", Read(target));
        Assert.DoesNotContain("app.sqlite-wal", folder.Names);
        Assert.Equal(2, folder.Names.Count(name => name.Contains(".replaced-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_only_the_log_of_a_killed_program_holds_is_in_the_kept_database()
    {
        var dead = folder["dead.sqlite"];
        using (var application = Sqlite3Connection.Create(dead))
        {
            application.Execute("PRAGMA journal_mode=WAL");
            application.Execute("PRAGMA wal_autocheckpoint=0");
            application.Execute("CREATE TABLE t(a)");
            application.Execute("INSERT INTO t VALUES('old, only in the log')");
            TestDatabase.CopyAsLeftByACrash(dead, target);
        }
        Assert.True(new FileInfo(target + "-wal").Length > 4096);
        var kept = await SwapAsync();
        Assert.Equal("old, only in the log", Read(kept!));
        Assert.Equal("new", Read(target));
        Assert.False(File.Exists(target + "-wal"));
    }

    [Fact]
    public async Task A_hot_journal_is_rolled_back_into_the_old_database_and_never_into_the_new_one()
    {
        MakeTorn();
        var kept = await SwapAsync();
        Assert.Equal("new", Read(target));
        Assert.Equal("old", Read(kept!));
        Assert.Equal(1, TestDatabase.Query(kept!, "SELECT count(*) FROM t"));
        Assert.DoesNotContain(folder.Names, name => name.EndsWith("-journal", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("DELETE", false)]
    [InlineData("DELETE", true)]
    [InlineData("WAL", false)]
    [InlineData("WAL", true)]
    public async Task A_database_that_a_program_has_open_is_not_replaced(string journalMode, bool idle)
    {
        MakeOld(target, journalMode);
        var wait = idle ? "" : "BEGIN; SELECT count(*) FROM t;";
        await using var reader = ToolProcess.Start(
            ToolStart.Shell($"(echo \"SELECT a FROM t; {wait}\"; sleep 1000) | sqlite3 '{target}'", "The reader"), TimeProvider.System);
        await reader.Output.ReadAtLeastAsync(idle ? 4 : 6, Cancellation);
        await AssertRefusedAsync("sqlite3");
    }

    [Fact]
    public async Task A_database_that_is_locked_is_not_replaced()
    {
        MakeOld(target, "DELETE");
        using var writer = Sqlite3Connection.Open(target);
        writer.Execute("BEGIN IMMEDIATE");
        await AssertRefusedAsync("Stop the service");
        writer.Execute("COMMIT");
        Assert.Equal("old", writer.QueryText("SELECT a FROM t"));
    }

    [Fact]
    public async Task A_damaged_database_can_be_replaced_and_is_kept_with_its_log()
    {
        await File.WriteAllTextAsync(target, new string('x', 5000), Cancellation);
        await File.WriteAllTextAsync(target + "-wal", "its log", Cancellation);
        var kept = await SwapAsync();
        Assert.Equal("new", Read(target));
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(kept!, Cancellation));
        Assert.Equal("its log", await File.ReadAllTextAsync(kept + "-wal", Cancellation));
    }

    [Fact]
    public async Task A_copy_with_other_content_than_recorded_is_refused()
    {
        MakeOld(target, "WAL");
        var recorded = await SqliteCheck.InspectAsync(copy, Cancellation);
        TestDatabase.Execute(copy, "UPDATE t SET a='nEw'");
        var error = await Assert.ThrowsAsync<SourceException>(() => SwapAsync(recorded));
        Assert.Equal(SourceError.Mismatch, error.Error);
        Assert.Contains("table t", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", Read(target));
    }

    [Fact]
    public async Task A_damaged_copy_is_refused()
    {
        MakeOld(target, "WAL");
        await File.WriteAllTextAsync(copy, "half a databa", Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(() => SwapAsync());
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Equal("old", Read(target));
    }

    [Fact]
    public async Task A_restored_database_can_be_replaced_again_within_the_same_second()
    {
        MakeOld(target, "WAL");
        var first = await SwapAsync();
        TestDatabase.Execute(copy, "CREATE TABLE t(a)", "INSERT INTO t VALUES('newer')");
        var second = await SwapAsync();
        Assert.NotEqual(first, second);
        Assert.Equal(["newer", "new", "old"], new[] { target, second!, first! }.Select(Read));
    }

    [Fact]
    public async Task Behind_a_symlink_the_file_it_leads_to_is_replaced()
    {
        var real = Path.Combine(folder.Make("data"), "real.sqlite");
        MakeOld(real, "WAL");
        File.CreateSymbolicLink(target, real);
        var beside = Path.Combine(Path.GetDirectoryName(SqliteRestore.ResolveTarget(target))!, "copy");
        File.Move(copy, beside);
        var restore = new SqliteRestore(TimeProvider.System, Patience);
        var kept = await restore.SwapInAsync(beside, target, [], Cancellation);
        Assert.StartsWith(real + ".replaced-", kept, StringComparison.Ordinal);
        Assert.Equal("new", Read(target));
        Assert.NotNull(new FileInfo(target).LinkTarget);
    }

    public static TheoryData<SqliteRestoreStep, string> EveryStep()
    {
        var data = new TheoryData<SqliteRestoreStep, string>();
        foreach (var step in Enum.GetValues<SqliteRestoreStep>())
        {
            foreach (var journalMode in new[] { "DELETE", "WAL" })
            {
                data.Add(step, journalMode);
            }
        }
        return data;
    }

    /// <summary>The folder is photographed at the step, as a kill would leave it, and another program opens what stands there.</summary>
    [Theory]
    [MemberData(nameof(EveryStep))]
    public async Task Killed_after_any_step_a_whole_database_stands_there(SqliteRestoreStep killedAfter, string journalMode)
    {
        MakeOld(target, journalMode);
        var photograph = folder["photograph"];
        var restore = new SqliteRestore(TimeProvider.System, Patience, step =>
        {
            if (step == killedAfter)
            {
                using var copying = System.Diagnostics.Process.Start("cp", ["-a", folder.FullPath, Path.GetTempPath() + Path.GetFileName(folder.FullPath) + ".shot"]);
                copying.WaitForExit();
                Directory.Move(Path.GetTempPath() + Path.GetFileName(folder.FullPath) + ".shot", photograph);
            }
        });
        await restore.SwapInAsync(copy, target, [], Cancellation);

        var left = Path.Combine(photograph, "app.sqlite");
        Assert.Equal(killedAfter < SqliteRestoreStep.Exchanged ? "old" : "new", Read(left));
        await SqliteCheck.InspectAsync(left, Cancellation);
        var others = Directory.EnumerateFiles(photograph).Where(path => path != left && !path.EndsWith("-wal") && !path.EndsWith("-shm"));
        Assert.Equal(killedAfter < SqliteRestoreStep.Exchanged ? "new" : "old", Read(Assert.Single(others)));
    }

    [Theory]
    [MemberData(nameof(EveryStep))]
    public async Task Failed_after_any_step_the_next_attempt_succeeds(SqliteRestoreStep failedAfter, string journalMode)
    {
        MakeOld(target, journalMode);
        var failing = new SqliteRestore(TimeProvider.System, Patience, step =>
        {
            if (step == failedAfter)
            {
                throw new IOException("Injected.");
            }
        });
        await Assert.ThrowsAnyAsync<Exception>(() => failing.SwapInAsync(copy, target, [], Cancellation));
        Assert.Equal(failedAfter < SqliteRestoreStep.Exchanged ? "old" : "new", Read(target));

        if (failedAfter < SqliteRestoreStep.Exchanged)
        {
            await SwapAsync();
        }
        Assert.Equal("new", Read(target));
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task While_the_old_database_is_held_no_other_program_can_write_to_it(string journalMode)
    {
        MakeOld(target, journalMode);
        var exits = new List<int>();
        var restore = new SqliteRestore(TimeProvider.System, Patience, step =>
        {
            if (step is SqliteRestoreStep.TargetTaken or SqliteRestoreStep.CompanionsRemoved)
            {
                using var writer = System.Diagnostics.Process.Start("/bin/sh", ["-c", $"sqlite3 '{target}' 'INSERT INTO t VALUES(1)' 2>/dev/null"]);
                writer.WaitForExit();
                exits.Add(writer.ExitCode);
            }
        });
        var kept = await restore.SwapInAsync(copy, target, [], Cancellation);
        Assert.Equal(2, exits.Count);
        Assert.All(exits, exit => Assert.NotEqual(0, exit));
        Assert.Equal(1, TestDatabase.Query(kept!, "SELECT count(*) FROM t"));
        Assert.Equal(1, TestDatabase.Query(target, "SELECT count(*) FROM t"));
    }

    private void MakeTorn()
    {
        var dead = folder["dead.sqlite"];
        MakeOld(dead, "DELETE");
        using var application = Sqlite3Connection.Open(dead);
        application.Execute("PRAGMA cache_size=1");
        application.Execute("BEGIN");
        application.Execute(
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO t SELECT randomblob(100) FROM n");
        TestDatabase.CopyAsLeftByACrash(dead, target);
        Assert.True(File.Exists(target + "-journal"));
    }

    private async Task AssertRefusedAsync(string named)
    {
        var error = await Assert.ThrowsAsync<SourceException>(() => SwapAsync());
        Assert.Equal(SourceError.TargetBusy, error.Error);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(copy));
        Assert.DoesNotContain(folder.Names, name => name.Contains(".replaced-", StringComparison.Ordinal));
    }

    private Task<string?> SwapAsync(IReadOnlyList<EntryFacts>? recorded = null) =>
        new SqliteRestore(TimeProvider.System, Patience).SwapInAsync(copy, target, recorded ?? [], Cancellation);

    private static void MakeOld(string path, string journalMode) =>
        TestDatabase.Execute(path, $"PRAGMA journal_mode={journalMode}", "CREATE TABLE t(a)", "INSERT INTO t VALUES('old')");

    private static string? Read(string path)
    {
        using var connection = Sqlite3Connection.Open(path);
        return connection.QueryText("SELECT a FROM t");
    }

    public void Dispose() => folder.Dispose();
}
