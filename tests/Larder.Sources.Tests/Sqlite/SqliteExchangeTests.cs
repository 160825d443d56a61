using System.Diagnostics;
using Larder.Sources.Exchanges;
using Larder.Sources.Native;
using Larder.Sources.Sqlite;
using Larder.Sources.Tools;

namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteExchangeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("DELETE", false)]
    [InlineData("DELETE", true)]
    [InlineData("WAL", false)]
    [InlineData("WAL", true)]
    public async Task While_a_program_has_it_open_it_is_neither_exchanged_nor_put_back(string journalMode, bool idle)
    {
        await using var subject = new SqliteSubject(journalMode);
        var record = await StageAsync(subject);
        await using (await OpenAsync(subject, idle))
        {
            var error = await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).ExchangeAsync(Cancellation));
            Assert.Equal(SourceError.TargetBusy, error.Error);
            Assert.Contains("sqlite3", error.Message, StringComparison.Ordinal);
            Assert.EndsWith("restore again.", error.Message, StringComparison.Ordinal);
            Assert.Equal(ExchangeState.Beside, await subject.Open(record).LookAsync(Cancellation));
        }
        await subject.Open(record).ExchangeAsync(Cancellation);
        await using (await OpenAsync(subject, idle))
        {
            var error = await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).UndoAsync(Cancellation));
            Assert.Equal(SourceError.TargetBusy, error.Error);
            Assert.EndsWith("undo the restore again.", error.Message, StringComparison.Ordinal);
            Assert.Equal(ExchangeState.Exchanged, await subject.Open(record).LookAsync(Cancellation));
        }
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task Undone_after_the_application_wrote_the_old_rows_are_live_and_the_newer_ones_stay_beside(string journalMode)
    {
        await using var subject = new SqliteSubject(journalMode);
        var record = await StageAsync(subject);
        await subject.Open(record).ExchangeAsync(Cancellation);
        TestDatabase.Execute(subject.Live, "PRAGMA wal_autocheckpoint=0", "INSERT INTO t VALUES('written since')");
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
        Assert.Equal(1, TestDatabase.Query(subject.Live, "SELECT count(*) FROM t"));
        Assert.Equal(2, TestDatabase.Query(record.Parts[0].Beside, "SELECT count(*) FROM t"));
        Assert.Equal(new[] { ".app.sqlite.larder-0123abcd", ".app.sqlite.larder-0123abcd.id", "app.sqlite" }, await subject.ListAsync());
    }

    [Fact]
    public async Task What_only_the_log_of_a_killed_program_holds_is_kept_and_comes_back()
    {
        await using var subject = new SqliteSubject("WAL");
        var dead = subject.Folder["dead"];
        using (var application = Sqlite3Connection.Create(dead))
        {
            application.Execute("PRAGMA journal_mode=WAL");
            application.Execute("PRAGMA wal_autocheckpoint=0");
            application.Execute("CREATE TABLE t(a)");
            application.Execute("INSERT INTO t VALUES('only in the log')");
            TestDatabase.CopyAsLeftByACrash(dead, subject.Live);
        }
        Assert.True(new FileInfo(subject.Live + "-wal").Length > 4096);
        var record = await StageAsync(subject, live: null);
        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("only in the log", await subject.ReadLiveAsync());
    }

    [Fact]
    public async Task A_hot_journal_is_rolled_back_into_the_old_database_and_never_into_the_new_one()
    {
        await using var subject = new SqliteSubject("DELETE");
        var dead = subject.Folder["dead"];
        SqliteSubject.Write(dead, "DELETE", "old");
        using (var application = Sqlite3Connection.Open(dead))
        {
            application.Execute("PRAGMA cache_size=1");
            application.Execute("BEGIN");
            application.Execute(
                "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO t SELECT randomblob(100) FROM n");
            TestDatabase.CopyAsLeftByACrash(dead, subject.Live);
        }
        Assert.True(File.Exists(subject.Live + "-journal"));
        var record = await StageAsync(subject, live: null);
        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
        Assert.Equal(1, TestDatabase.Query(subject.Live, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_damaged_database_is_exchanged_and_comes_back_with_its_log_wherever_it_was_killed()
    {
        for (var calls = 1; ; calls++)
        {
            await using var subject = new SqliteSubject("WAL");
            await File.WriteAllTextAsync(subject.Live, new string('x', 5000), Cancellation);
            await File.WriteAllTextAsync(subject.Live + "-wal", "its log", Cancellation);
            var record = await StageAsync(subject, live: null);
            var done = 0;
            var killed = await Record.ExceptionAsync(
                () => subject.Open(record, _ => KillAt(ref done, calls)).ExchangeAsync(Cancellation));
            if (killed is null)
            {
                Assert.Equal("new", await subject.ReadLiveAsync());
                Assert.Equal("its log", await File.ReadAllTextAsync(record.Parts[0].Old + "-wal", Cancellation));
            }
            await subject.Open(record).UndoAsync(Cancellation);
            Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(subject.Live, Cancellation));
            Assert.Equal("its log", await File.ReadAllTextAsync(subject.Live + "-wal", Cancellation));
            await subject.Open(record).ExchangeAsync(Cancellation);
            await subject.Open(record).ForgetAsync(Cancellation);
            Assert.Equal(["app.sqlite"], await subject.ListAsync());
            if (killed is null)
            {
                Assert.True(calls > 4);
                return;
            }
        }
    }

    [Fact]
    public async Task A_log_of_a_database_long_gone_is_never_applied_to_the_new_one_and_lies_there_again_after_the_undo()
    {
        await using var subject = new SqliteSubject("WAL");
        await File.WriteAllTextAsync(subject.Live + "-wal", "foreign", Cancellation);
        await File.WriteAllTextAsync(subject.Live + "-journal", "foreign", Cancellation);
        var record = await StageAsync(subject, live: null);
        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.False(File.Exists(subject.Live));
        Assert.Equal("foreign", await File.ReadAllTextAsync(subject.Live + "-wal", Cancellation));
        Assert.Equal("foreign", await File.ReadAllTextAsync(subject.Live + "-journal", Cancellation));
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task While_the_old_database_is_held_no_other_program_can_write_to_it(string journalMode)
    {
        await using var subject = new SqliteSubject(journalMode);
        var record = await StageAsync(subject);
        var exits = new List<int>();
        await subject.Open(record, call =>
        {
            if (!call.StartsWith("exchange", StringComparison.Ordinal) && !call.StartsWith("rename", StringComparison.Ordinal))
            {
                exits.Add(RunSqlite(subject.Live, "INSERT INTO t VALUES(1)"));
            }
        }).ExchangeAsync(Cancellation);
        Assert.NotEmpty(exits);
        Assert.All(exits, exit => Assert.NotEqual(0, exit));
        Assert.Equal(1, TestDatabase.Query(record.Parts[0].Old!, "SELECT count(*) FROM t"));
        Assert.Equal(1, TestDatabase.Query(subject.Live, "SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData("exchange")]
    [InlineData("undo")]
    public async Task A_program_that_opened_it_at_the_last_moment_gets_it_back(string operation)
    {
        await using var subject = new SqliteSubject("WAL");
        var record = await StageAsync(subject);
        if (operation == "undo")
        {
            await subject.Open(record).ExchangeAsync(Cancellation);
        }
        Process? program = null;
        var exchange = subject.Open(record, call =>
        {
            if (program is null && call.StartsWith("exchange", StringComparison.Ordinal))
            {
                program = Process.Start(new ProcessStartInfo("/bin/sh")
                {
                    ArgumentList = { "-c", "exec 3<\"$1\"; echo open; exec sleep 1000", "sh", record.Parts[0].Beside },
                    RedirectStandardOutput = true,
                    UseShellExecute = false,
                })!;
                Assert.Equal("open", program.StandardOutput.ReadLine());
            }
        });
        try
        {
            var error = await Assert.ThrowsAsync<SourceException>(
                () => operation == "undo" ? exchange.UndoAsync(Cancellation) : exchange.ExchangeAsync(Cancellation));
            Assert.Equal(SourceError.TargetBusy, error.Error);
            Assert.Contains("just opened", error.Message, StringComparison.Ordinal);
            var expected = operation == "undo" ? ExchangeState.Exchanged : ExchangeState.Beside;
            Assert.Equal(expected, await subject.Open(record).LookAsync(Cancellation));
            Assert.Equal(operation == "undo" ? "new" : "old", await subject.ReadLiveAsync());
        }
        finally
        {
            program!.Kill();
            await program.WaitForExitAsync(CancellationToken.None);
            program.Dispose();
        }
        await (operation == "undo" ? subject.Open(record).UndoAsync(Cancellation) : subject.Open(record).ExchangeAsync(Cancellation));
        Assert.Equal(operation == "undo" ? "old" : "new", await subject.ReadLiveAsync());
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task Programs_that_open_it_all_the_time_see_the_old_or_the_new_one_or_wait(string journalMode)
    {
        await using var subject = new SqliteSubject(journalMode);
        var record = await StageAsync(subject);
        var seen = subject.Folder.Make("seen");
        await using (ToolProcess.Start(
            ToolStart.Shell(
                $"cd '{seen}'; while :; do sqlite3 -cmd '.timeout 5000' '{subject.Live}' 'SELECT a FROM t' >>rows 2>>errors; "
                + "sleep 0.02; done",
                "The reader"),
            TimeProvider.System))
        {
            for (var done = 0; done < 6;)
            {
                var exchange = new SqliteExchange(record, TimeSpan.FromSeconds(10), TimeProvider.System);
                try
                {
                    await (done % 2 == 0 ? exchange.ExchangeAsync(Cancellation) : exchange.UndoAsync(Cancellation));
                    done++;
                    await ReadAgainAsync(Path.Combine(seen, "rows"));
                }
                catch (SourceException e) when (e.Error == SourceError.TargetBusy)
                {
                    continue; // A reader came at the last moment, and got its database back.
                }
            }
        }
        Assert.Equal(["new", "old"], (await File.ReadAllLinesAsync(Path.Combine(seen, "rows"), Cancellation)).Distinct().Order());
        var errors = await File.ReadAllLinesAsync(Path.Combine(seen, "errors"), Cancellation);
        Assert.All(errors, error => Assert.Contains("locked", error, StringComparison.Ordinal));
    }

    private static async Task ReadAgainAsync(string rows)
    {
        var before = new FileInfo(rows).Length;
        while (new FileInfo(rows).Length == before)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancellation);
        }
    }

    [Fact]
    public async Task The_log_of_a_program_that_already_uses_the_new_database_is_not_removed_with_the_old_one()
    {
        await using var subject = new SqliteSubject("WAL");
        var record = await StageAsync(subject);
        Sqlite3Connection? application = null;
        try
        {
            await subject.Open(record, call =>
            {
                if (application is null && call.StartsWith("rename", StringComparison.Ordinal))
                {
                    application = Sqlite3Connection.Open(subject.Live);
                    application.Execute("PRAGMA wal_autocheckpoint=0");
                    application.Execute("INSERT INTO t VALUES('written at once')");
                }
            }).ExchangeAsync(Cancellation);
            Assert.Equal(0, RunSqlite(subject.Live, "UPDATE t SET a='seen by another program' WHERE a='written at once'"));
            Assert.Equal("seen by another program", application!.QueryText("SELECT a FROM t WHERE rowid=2"));
        }
        finally
        {
            application?.Dispose();
        }
    }

    [Fact]
    public async Task The_new_one_has_owner_and_mode_of_the_old_one()
    {
        await using var subject = new SqliteSubject("DELETE");
        await subject.MakeLiveAsync("old");
        LibcPath.SetOwner(subject.Live, 1234, 1235);
        File.SetUnixFileMode(subject.Live, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var record = await StageAsync(subject, live: null);
        await subject.Open(record).ExchangeAsync(Cancellation);
        var attributes = LibcPath.ReadAttributes(subject.Live);
        Assert.Equal((1234u, 1235u, 0x1A0u), (attributes.Uid, attributes.Gid, attributes.Permissions)); // 0640
    }

    [Fact]
    public async Task A_symlink_in_the_place_of_the_copy_gives_nothing_away()
    {
        await using var subject = new SqliteSubject("DELETE");
        await subject.MakeLiveAsync("old");
        LibcPath.SetOwner(subject.Live, 1234, 1235);
        var victim = subject.Folder["victim"];
        await File.WriteAllTextAsync(victim, "root's", Cancellation);
        var record = await subject.PlanAsync();
        File.CreateSymbolicLink(record.Parts[0].Beside, victim);
        Assert.Throws<SourceException>(((SqliteExchange)subject.Open(record)).MarkWhole);
        Assert.Equal(0u, LibcPath.ReadAttributes(victim).Uid);
        Assert.Equal(ExchangeState.Untouched, await subject.Open(record).LookAsync(Cancellation));
    }

    [Fact]
    public async Task Behind_a_symlink_the_database_it_leads_to_is_exchanged()
    {
        await using var subject = new SqliteSubject("WAL");
        var real = Path.Combine(subject.Folder.Make("data"), "real.sqlite");
        SqliteSubject.Write(real, "WAL", "old");
        File.CreateSymbolicLink(subject.Live, real);
        var record = await StageAsync(subject, live: null);
        Assert.Equal(real, record.Parts[0].Live);
        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        Assert.Equal(real, new FileInfo(subject.Live).LinkTarget);
        await subject.Open(record).ForgetAsync(Cancellation);
        Assert.Equal(["real.sqlite"], Directory.GetFiles(Path.GetDirectoryName(real)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_copy_that_is_damaged_or_not_what_was_recorded_is_found_before()
    {
        await using var subject = new SqliteSubject("WAL");
        var record = await subject.PlanAsync();
        var exchange = (SqliteExchange)subject.Open(record);
        SqliteSubject.Write(record.Parts[0].Beside, "DELETE", "new");
        var recorded = await SqliteCheck.InspectAsync(record.Parts[0].Beside, Cancellation);
        Assert.Equal(2, (await exchange.CheckAsync(recorded, Cancellation)).Count);
        TestDatabase.Execute(record.Parts[0].Beside, "UPDATE t SET a='nEw'");
        var mismatch = await Assert.ThrowsAsync<SourceException>(() => exchange.CheckAsync(recorded, Cancellation));
        Assert.Equal(SourceError.Mismatch, mismatch.Error);
        Assert.Contains(subject.Live, mismatch.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(record.Parts[0].Beside, "half a databa", Cancellation);
        var damaged = await Assert.ThrowsAsync<SourceException>(() => exchange.CheckAsync([], Cancellation));
        Assert.Equal(SourceError.Damaged, damaged.Error);
    }

    [Fact]
    public void A_folder_is_not_replaced_by_a_database()
    {
        using var folder = new Larder.Testing.TemporaryFolder();
        var error = Assert.Throws<SourceException>(() => SqliteExchange.Plan(folder.Make("app.sqlite"), "0123abcd"));
        Assert.Equal(SourceError.TargetExists, error.Error);
    }

    [Theory]
    [InlineData("exchange", "WAL")]
    [InlineData("undo", "WAL")]
    [InlineData("exchange", "DELETE")]
    public async Task Killed_with_SIGKILL_after_any_call_it_is_exactly_the_old_or_the_new_one(string operation, string journalMode)
    {
        for (var calls = 1; ; calls++)
        {
            await using var subject = new SqliteSubject(journalMode);
            var record = await StageAsync(subject);
            if (operation == "undo")
            {
                await subject.Open(record).ExchangeAsync(Cancellation);
            }
            var work = new KilledWork { Operation = operation, Calls = calls, Record = record };
            if (!await KilledChild.RunAsync(work, Cancellation))
            {
                Assert.True(calls > 2, $"{operation} made {calls} calls.");
                return;
            }
            var state = await subject.Open(record).LookAsync(Cancellation);
            Assert.Equal(state == ExchangeState.Exchanged ? "new" : "old", await subject.ReadLiveAsync());
            var (then, expected) = calls % 2 == 0 ? ("exchange", "new") : ("undo", "old");
            await (then == "undo" ? subject.Open(record).UndoAsync(Cancellation) : subject.Open(record).ExchangeAsync(Cancellation));
            Assert.Equal(expected, await subject.ReadLiveAsync());
            await subject.Open(record).ForgetAsync(Cancellation);
            Assert.Equal(expected, await subject.ReadLiveAsync());
            Assert.Equal(["app.sqlite"], await subject.ListAsync());
        }
    }

    private static async Task<ExchangeRecord> StageAsync(SqliteSubject subject, string? live = "old")
    {
        if (live is not null)
        {
            await subject.MakeLiveAsync(live);
        }
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        return record;
    }

    /// <summary>A program that has the database open: inside a transaction, or between two of them.</summary>
    private static async Task<ToolProcess> OpenAsync(SqliteSubject subject, bool idle)
    {
        var wait = idle ? "" : "BEGIN; SELECT count(*) FROM t;";
        var program = ToolProcess.Start(
            ToolStart.Shell($"(echo \"SELECT a FROM t; {wait}\"; sleep 1000) | sqlite3 '{subject.Live}'", "The reader"),
            TimeProvider.System);
        await program.Output.ReadAtLeastAsync(idle ? 4 : 6, Cancellation);
        return program;
    }

    private static int RunSqlite(string path, string sql)
    {
        using var program = Process.Start("/bin/sh", ["-c", "sqlite3 \"$1\" \"$2\" 2>/dev/null", "sh", path, sql]);
        program.WaitForExit();
        return program.ExitCode;
    }

    private static void KillAt(ref int done, int calls)
    {
        if (++done == calls)
        {
            throw new KilledException();
        }
    }
}
