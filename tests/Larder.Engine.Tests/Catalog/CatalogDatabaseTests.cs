using System.Diagnostics;
using System.Runtime.Versioning;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Tests.Catalog;

public sealed class CatalogDatabaseTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("larder-catalog-").FullName;
    private readonly SetClock clock = new(new DateTimeOffset(2024, 7, 8, 14, 30, 22, TimeSpan.Zero));
    private readonly List<string> warnings = [];

    private string File => Path.Combine(folder, "state", "catalog.db");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_run_is_begun_written_to_and_finished_and_is_there_after_opening_again()
    {
        string id;
        using (var catalog = Open())
        {
            id = Begin(catalog, "journal").Id;
            clock.Now += TimeSpan.FromSeconds(5);
            catalog.AppendEvent(id, EventLevel.Info, "Source \"db\" is read.");
            catalog.AppendEvent(id, EventLevel.Warning, "cache/tmp was gone when its turn came.");
            clock.Now += TimeSpan.FromSeconds(5);
            Assert.True(catalog.FinishRun(id, new RunResult
            {
                Status = RunStatus.Partial,
                BackupId = "3f9a1c20",
                SizeBytes = 5_000_000_000,
                AddedBytes = 12,
                ExitStatus = ExitStatus.Partial,
            }));
        }

        using var again = Open();
        var run = again.FindRun(id);

        Assert.NotNull(run);
        Assert.Equal((RunKind.Backup, "journal", RunStatus.Partial, "schedule", "anna"), (run.Kind, run.Job, run.Status, run.Trigger, run.CreatedBy));
        Assert.Equal(clock.Now.AddSeconds(-10), run.StartedAt);
        Assert.Equal(clock.Now, run.FinishedAt);
        Assert.Equal(("3f9a1c20", 5_000_000_000, 12, 3), (run.BackupId, run.SizeBytes, run.AddedBytes, run.ExitStatus));
        Assert.Equal(ProcessIdentity.Current, run.Process);
        var events = again.Events(id);
        Assert.Equal([EventLevel.Info, EventLevel.Warning], events.Select(one => one.Level));
        Assert.Equal("cache/tmp was gone when its turn came.", events[1].Message);
        Assert.Equal([events[1]], again.Events(id, after: events[0].Number));
        Assert.Empty(warnings);
    }

    [Fact]
    public void A_failed_run_keeps_number_message_and_hint()
    {
        using var catalog = Open();
        var id = Begin(catalog, "journal").Id;

        catalog.FinishRun(id, RunResult.Failed(ErrorTable.Describe(new LarderException(EngineError.HookFailed, "Hook \"before\" ended with 1."))));

        var run = catalog.FindRun(id)!;
        Assert.Equal((RunStatus.Failed, "LARDER-032", "Hook \"before\" ended with 1.", 1), (run.Status, run.ErrorCode, run.ErrorMessage, run.ExitStatus));
        Assert.Contains("by hand", run.Hint);
        Assert.Equal(RunStatus.Cancelled, RunResult.Failed(ErrorTable.Describe(new OperationCanceledException())).Status);
    }

    [Fact]
    public void A_run_is_finished_once()
    {
        using var catalog = Open();
        var id = Begin(catalog, "journal").Id;

        Assert.True(catalog.FinishRun(id, new RunResult { Status = RunStatus.Success }));
        Assert.False(catalog.FinishRun(id, new RunResult { Status = RunStatus.Failed }));

        Assert.Equal(RunStatus.Success, catalog.FindRun(id)!.Status);
    }

    [Fact]
    public void Runs_are_filtered_and_paged_newest_first()
    {
        using var catalog = Open();
        for (var i = 0; i < 7; i++)
        {
            var run = Begin(catalog, i % 2 == 0 ? "journal" : "wiki", i == 6 ? RunKind.Verify : RunKind.Backup);
            catalog.FinishRun(run.Id, new RunResult { Status = i == 2 ? RunStatus.Failed : RunStatus.Success, BackupId = $"b{i}" });
            clock.Now += TimeSpan.FromHours(1);
        }

        var page = catalog.Runs(new RunFilter { Offset = 2, Limit = 3 });
        Assert.Equal(["b4", "b3", "b2"], page.Runs.Select(run => run.BackupId!));
        Assert.Equal(7, page.Total);
        Assert.Equal(["b5", "b3", "b1"], Ids(new RunFilter { Job = "wiki" }));
        Assert.Equal(["b6"], Ids(new RunFilter { Kind = RunKind.Verify }));
        Assert.Equal(["b2"], Ids(new RunFilter { Status = RunStatus.Failed }));
        Assert.Equal(["b4"], Ids(new RunFilter { BackupId = "b4" }));
        Assert.Equal(["b6", "b5"], Ids(new RunFilter { StartedFrom = clock.Now.AddHours(-2) }));
        Assert.Empty(Ids(new RunFilter { Job = "journal' OR 1=1 --" }));

        IEnumerable<string> Ids(RunFilter filter) => catalog.Runs(filter).Runs.Select(run => run.BackupId!);
    }

    [Fact]
    public void An_event_of_an_unknown_run_is_refused()
    {
        using var catalog = Open();

        var exception = Assert.Throws<LarderException>(() => catalog.AppendEvent("0000", EventLevel.Info, "x"));
        Assert.Equal(EngineError.CatalogUnavailable, exception.Error);
    }

    [Fact]
    public void A_run_whose_process_was_killed_becomes_failed_and_one_whose_process_lives_does_not()
    {
        using var living = Process.Start("sleep", "600");
        using var killed = Process.Start("sleep", "600");
        var killedIdentity = ProcessIdentity.Of(killed.Id);
        string dead, alive, own;
        try
        {
            using (var other = Open(ProcessIdentity.Of(living.Id)))
            {
                alive = Begin(other, "journal").Id;
            }
            using (var other = Open(killedIdentity))
            {
                dead = Begin(other, "wiki").Id;
            }
            Assert.False(killedIdentity.IsDead());
            killed.Kill();
            killed.WaitForExit();
            using var catalog = Open();
            own = Begin(catalog, "own").Id;

            var closed = catalog.CloseInterrupted();

            Assert.Equal([dead], closed.Select(run => run.Id));
            Assert.Equal((RunStatus.Failed, "LARDER-002"), (closed[0].Status, closed[0].ErrorCode));
            Assert.StartsWith("Interrupted", closed[0].ErrorMessage);
            Assert.Equal(RunStatus.InProgress, catalog.FindRun(alive)!.Status);
            Assert.Equal(RunStatus.InProgress, catalog.FindRun(own)!.Status);
            Assert.Empty(catalog.CloseInterrupted());
        }
        finally
        {
            living.Kill();
        }
    }

    [Fact]
    public void A_process_number_given_again_is_another_process_and_so_is_one_of_another_boot()
    {
        var self = ProcessIdentity.Current;

        Assert.False(self.IsDead());
        Assert.True((self with { StartTicks = self.StartTicks - 1 }).IsDead());
        Assert.True((self with { BootId = "00000000-0000-0000-0000-000000000000" }).IsDead());
        Assert.False((self with { StartTicks = null }).IsDead());
        Assert.False((self with { Host = "elsewhere", Pid = 999_999_999 }).IsDead());
    }

    [Fact]
    public void A_run_on_another_host_is_taken_for_dead_after_a_day_of_silence()
    {
        string id;
        using (var other = Open(ProcessIdentity.Current with { Host = "elsewhere" }))
        {
            id = Begin(other, "journal").Id;
            clock.Now += TimeSpan.FromHours(20);
            other.AppendEvent(id, EventLevel.Info, "Still at it.");
        }
        using var catalog = Open();
        clock.Now += TimeSpan.FromHours(23);

        Assert.Empty(catalog.CloseInterrupted());
        clock.Now += TimeSpan.FromHours(2);
        Assert.Equal([id], catalog.CloseInterrupted().Select(run => run.Id));
    }

    [Fact]
    public void Deleting_the_file_loses_history_and_the_next_opening_makes_it_anew()
    {
        using (var catalog = Open())
        {
            Begin(catalog, "journal");
        }
        System.IO.File.Delete(File);

        using var again = Open();

        Assert.Equal(0, again.Runs(new RunFilter()).Total);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData(0, 4096)] // The header.
    [InlineData(4096, 4096)] // The root of a table.
    [InlineData(100, 8)] // The head of the schema's page.
    public void A_damaged_file_is_set_aside_with_a_warning_and_made_anew(int offset, int length)
    {
        using (var catalog = Open())
        {
            var id = Begin(catalog, "journal").Id;
            for (var i = 0; i < 200; i++)
            {
                catalog.AppendEvent(id, EventLevel.Info, new string('x', 200));
            }
        }
        Overwrite(offset, length);
        var damaged = System.IO.File.ReadAllBytes(File);

        using var again = Open();

        Assert.Equal(0, again.Runs(new RunFilter()).Total);
        Begin(again, "journal");
        Assert.Equal(damaged, System.IO.File.ReadAllBytes($"{File}.damaged-20240708_143022"));
        Assert.Contains("set aside", Assert.Single(warnings));
    }

    [Fact]
    public void A_second_damage_within_the_second_does_not_overwrite_what_was_set_aside()
    {
        for (var i = 0; i < 2; i++)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            using (var writer = System.IO.File.CreateText(File))
            {
                writer.Write($"This is no database, number {i}, and it is long enough to be looked at as one. {new string('x', 600)}");
            }
            Open().Dispose();
        }

        Assert.Contains("number 0", System.IO.File.ReadAllText($"{File}.damaged-20240708_143022"));
        Assert.Contains("number 1", System.IO.File.ReadAllText($"{File}.damaged-20240708_143022-2"));
    }

    [Fact]
    public void A_catalog_of_a_newer_Larder_is_refused_and_left_as_it_is()
    {
        Open().Dispose();
        Sql("PRAGMA user_version = 1000");

        var exception = Assert.Throws<LarderException>(() => Open());

        Assert.Equal(EngineError.CatalogTooNew, exception.Error);
        Assert.Contains("version 1000", exception.Message);
        Assert.Equal(1000L, Sql("PRAGMA user_version"));
        Assert.Empty(warnings);
    }

    [Fact]
    public void An_older_catalog_is_brought_forward_with_its_runs()
    {
        string id;
        using (var old = CatalogDatabase.Open(File, clock, warnings.Add, ProcessIdentity.Current, schemaVersion: 1))
        {
            id = Begin(old, "journal").Id;
            Assert.Throws<LarderException>(() => old.AppendEvent(id, EventLevel.Info, "There is no table for it."));
        }
        Assert.Equal(1L, Sql("PRAGMA user_version"));

        using var catalog = Open();

        catalog.AppendEvent(id, EventLevel.Info, "Now there is.");
        Assert.Equal("journal", catalog.FindRun(id)!.Job);
        Assert.Equal((long)Schema.Newest, Sql("PRAGMA user_version"));
    }

    [Fact]
    public async Task Many_openings_and_writers_at_once_lose_nothing()
    {
        const int Writers = 6, EventsEach = 40;

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            using var catalog = CatalogDatabase.Open(File, clock, text => throw new InvalidOperationException(text));
            var id = Begin(catalog, $"job{writer}").Id;
            for (var i = 0; i < EventsEach; i++)
            {
                catalog.AppendEvent(id, EventLevel.Info, $"{i}");
            }
            catalog.FinishRun(id, new RunResult { Status = RunStatus.Success });
        })));

        using var after = Open();
        var runs = after.Runs(new RunFilter()).Runs;
        Assert.Equal(Writers, runs.Count);
        Assert.All(runs, run => Assert.Equal(Enumerable.Range(0, EventsEach).Select(i => $"{i}"), after.Events(run.Id).Select(one => one.Message)));
        Assert.All(runs, run => Assert.Equal(RunStatus.Success, run.Status));
    }

    [Fact]
    public async Task A_write_waits_for_another_process_that_writes()
    {
        using var catalog = Open();
        using var other = Process.Start(new ProcessStartInfo("sqlite3", [File])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await other.StandardInput.WriteLineAsync("BEGIN IMMEDIATE; SELECT 'locked';");
        Assert.Equal("locked", await other.StandardOutput.ReadLineAsync());

        var writing = Task.Run(() => Begin(catalog, "journal"));
        await other.StandardInput.WriteLineAsync("SELECT 'still locked';");
        Assert.Equal("still locked", await other.StandardOutput.ReadLineAsync());
        Assert.False(writing.IsCompleted);
        await other.StandardInput.WriteLineAsync("COMMIT;");
        other.StandardInput.Close();

        Assert.Equal("journal", (await writing).Job);
        await other.WaitForExitAsync();
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void The_file_is_in_WAL_mode_and_nobody_else_may_read_it()
    {
        using var catalog = Open();

        Assert.Equal("wal", Sql("PRAGMA journal_mode"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void A_journal_goes_on_and_warns_once_when_the_catalog_cannot_be_written()
    {
        using var catalog = Open();
        var journal = RunJournal.Begin(catalog, New("journal"), warnings.Add);
        journal.Append(EventLevel.Info, "It begins.");
        Sql("DROP TABLE events");

        journal.Append(EventLevel.Info, "It goes on.");
        journal.Append(EventLevel.Info, "And on.");
        journal.Finish(new RunResult { Status = RunStatus.Success });

        Assert.Contains(journal.RunId, Assert.Single(warnings));
    }

    [Fact]
    public void Where_the_catalog_cannot_be_opened_there_is_a_warning_and_a_journal_that_says_nothing()
    {
        System.IO.File.WriteAllText(Path.Combine(folder, "state"), "A file where the folder should be.");

        var catalog = RunJournal.OpenOrWarn(File, clock, warnings.Add);
        var journal = RunJournal.Begin(catalog, New("journal"), warnings.Add);
        journal.Append(EventLevel.Info, "It goes on.");
        journal.Finish(new RunResult { Status = RunStatus.Success });

        Assert.Null(catalog);
        Assert.Contains("goes on without run history", Assert.Single(warnings));
    }

    [Fact]
    public void Run_ids_are_32_hex_digits_and_sort_by_time()
    {
        var earlier = RunId.New(clock);
        clock.Now += TimeSpan.FromSeconds(1);
        var later = RunId.New(clock);

        Assert.Matches("^[0-9a-f]{32}$", earlier);
        Assert.True(string.CompareOrdinal(earlier, later) < 0);
    }

    private CatalogDatabase Open() => Open(ProcessIdentity.Current);

    private CatalogDatabase Open(ProcessIdentity self) => CatalogDatabase.Open(File, clock, warnings.Add, self);

    private Run Begin(CatalogDatabase catalog, string job, RunKind kind = RunKind.Backup) => catalog.BeginRun(New(job) with { Kind = kind });

    private NewRun New(string job) => new() { Id = RunId.New(clock), Kind = RunKind.Backup, Job = job, Trigger = "schedule", CreatedBy = "anna" };

    private void Overwrite(int offset, int length)
    {
        using var file = System.IO.File.OpenWrite(File);
        file.Position = offset;
        file.Write(Enumerable.Repeat((byte)0xA5, length).ToArray());
    }

    private object? Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private sealed class SetClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
