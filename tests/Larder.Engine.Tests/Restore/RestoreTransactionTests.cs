using System.Text.Json;
using Larder.Engine.Backups;
using Larder.Engine.Cleanup;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Engine.Restore.Transaction;

namespace Larder.Engine.Tests.Restore;

public sealed class RestoreTransactionTests
{
    [Fact]
    public async Task A_restore_can_be_rolled_back_and_what_was_written_since_is_kept_beside()
    {
        await using var bench = await MakeAsync();
        await ChangeAsync(bench, "before the restore");
        var result = await bench.RestoreAsync();
        Assert.Equal("backed up", await ReadAsync(bench));
        Assert.NotNull(result.SafetyBackup);
        await ChangeAsync(bench, "after the restore");

        var rolledBack = await RollBackAsync(bench);

        Assert.Equal("before the restore", await ReadAsync(bench));
        Assert.Equal("before the restore", await File.ReadAllTextAsync(Page(bench), BackupBench.Token));
        var kept = rolledBack.Kept.Single(path => Path.GetFileName(path).Contains("journal.db", StringComparison.Ordinal));
        Assert.Equal("after the restore", (await BackupBench.Sqlite(kept, "SELECT a FROM t")).Output.Trim());
        var again = Assert.Throws<LarderException>(() => RollbackPlan.Compute(bench.Context, result.RunId));
        Assert.Equal(EngineError.NothingToRollBack, again.Error);
    }

    [Fact]
    public async Task Only_the_last_restore_of_a_place_can_be_rolled_back()
    {
        await using var bench = await MakeAsync();
        var first = await bench.RestoreAsync();
        var second = await bench.RestoreAsync();

        var refused = Assert.Throws<LarderException>(() => RollbackPlan.Compute(bench.Context, first.RunId));

        Assert.Equal(EngineError.NothingToRollBack, refused.Error);
        Assert.Contains(second.RunId, refused.Message, StringComparison.Ordinal);
        Assert.Equal(second.RunId, RollbackPlan.Compute(bench.Context, null).RunId);
    }

    [Fact]
    public async Task The_service_is_stopped_before_anything_is_exchanged_and_started_and_asked_afterwards()
    {
        await using var bench = await MakeAsync();
        var log = bench.Folder["log"];
        bench.Configure = job => job with
        {
            Service = new ServiceSettings
            {
                Stop = $"cat {Page(bench)} >>{log}; echo ' stopped' >>{log}",
                Start = $"cat {Page(bench)} >>{log}; echo ' started' >>{log}; sleep 600 &",
                Healthy = $"echo asked >>{log}",
            },
        };
        bench.Forget();
        await ChangeAsync(bench, "live");

        await bench.RestoreAsync();

        Assert.Equal("live stopped\nbacked up started\nasked\n", await File.ReadAllTextAsync(log, BackupBench.Token));
    }

    [Theory]
    [InlineData("exit 1", "true", "true", "live")]
    [InlineData("true", "exit 1", "true", "live")]
    [InlineData("true", "true", "echo 'port 5000 is closed'; exit 1", "live")]
    public async Task Where_the_service_fails_everything_is_put_back(string stop, string start, string healthy, string expected)
    {
        await using var bench = await MakeAsync();
        bench.Configure = job => job with
        {
            Service = new ServiceSettings { Stop = stop, Start = start, Healthy = healthy, HealthyWithin = TimeSpan.FromMilliseconds(10) },
        };
        bench.Forget();
        await ChangeAsync(bench, expected);

        var failure = await Assert.ThrowsAsync<LarderException>(() => bench.RestoreAsync());

        Assert.Equal(EngineError.RestoreUndone, failure.Error);
        Assert.Equal(ExitStatus.Failed, failure.ExitStatus);
        Assert.Equal(expected, await ReadAsync(bench));
        Assert.Equal(expected, await File.ReadAllTextAsync(Page(bench), BackupBench.Token));
        Assert.Empty(Leftovers(bench));
        if (healthy != "true")
        {
            Assert.Contains("port 5000 is closed", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_safety_backup_is_not_the_latest_and_fills_no_slot()
    {
        await using var bench = await MakeAsync();
        await ChangeAsync(bench, "later");

        var result = await bench.RestoreAsync();

        var all = await bench.Context.Library.ListAsync(null, BackupBench.Token);
        var safety = all.Single(backup => backup.IsSafety);
        Assert.Equal(result.SafetyBackup, safety.BackupId);
        Assert.Null(safety.Category);
        Assert.NotEqual(safety.BackupId, BackupName.Parse("latest").Resolve(all).BackupId);
        var plan = await CleanupPlan.ComputeAsync(bench.Context, null, BackupBench.Token);
        Assert.Contains("safety", plan.Repositories[0].Lines.Single(line => line.BackupId == safety.BackupId).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cleanup_removes_what_was_replaced_and_the_safety_backup_when_their_time_is_over()
    {
        var clock = new LeapingClock(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var bench = await MakeAsync(clock);
        var result = await bench.RestoreAsync();
        Assert.NotEmpty(Leftovers(bench));
        clock.Now += TimeSpan.FromDays(6);
        await CleanAsync(bench);
        Assert.True(Path.Exists(result.Replaced[0]));

        clock.Now += TimeSpan.FromDays(2);
        await CleanAsync(bench);

        Assert.Empty(Leftovers(bench));
        Assert.Empty(KeptData.Find(bench.Context));
        Assert.DoesNotContain(await bench.Context.Library.ListAsync(null, BackupBench.Token), backup => backup.IsSafety);
        Assert.Equal("backed up", await ReadAsync(bench));
    }

    [Fact]
    public async Task What_overwrote_in_place_is_rolled_back_from_the_safety_backup()
    {
        await using var bench = await MakeAsync();
        await ChangeAsync(bench, "live");
        var plan = await RestorePlan.ComputeAsync(
            bench.Context, new RestoreRequest { Backup = "latest", Overwrites = true, IsConfirmed = true }, BackupBench.Token);

        await RestoreRun.ExecuteAsync(plan, new RunProgress(), BackupBench.Token);
        Assert.Equal("backed up", await ReadAsync(bench));
        Assert.Empty(Leftovers(bench));
        await RollBackAsync(bench);

        Assert.Equal("live", await ReadAsync(bench));
        Assert.Equal("live", await File.ReadAllTextAsync(Page(bench), BackupBench.Token));
    }

    [Fact]
    public async Task A_damaged_live_database_is_saved_as_it_is_and_replaced()
    {
        await using var bench = await MakeAsync();
        var bytes = await File.ReadAllBytesAsync(Database(bench), BackupBench.Token);
        bytes.AsSpan(100).Fill(0x5a);
        await BackupBench.ShellAsync($"rm {Database(bench)}");
        await File.WriteAllTextAsync(Database(bench), "", BackupBench.Token);
        await using (var file = File.OpenWrite(Database(bench)))
        {
            await file.WriteAsync(bytes, BackupBench.Token);
        }

        var result = await bench.RestoreAsync(only: "db");

        Assert.Equal("backed up", await ReadAsync(bench));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(result.Replaced[0], BackupBench.Token));
        var saved = await RestorePlan.ComputeAsync(
            bench.Context,
            new RestoreRequest { Backup = result.SafetyBackup!, Target = bench.Folder["saved"], IsConfirmed = true },
            BackupBench.Token);
        await RestoreRun.ExecuteAsync(saved, new RunProgress(), BackupBench.Token);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(bench.Folder["saved"] + Database(bench), BackupBench.Token));
    }

    [Theory]
    [InlineData(null, "staging")]
    [InlineData("staging", null)]
    public async Task A_place_that_belongs_to_two_environments_is_restored_for_neither(string? aimedAt, string? named)
    {
        await using var bench = await MakeAsync();
        bench.Configure = job => job with
        {
            Environments = new Dictionary<string, EnvironmentSettings>
            {
                ["staging"] = new()
                {
                    Name = "staging",
                    Targets = new Dictionary<string, TargetSettings> { ["db"] = new() { Path = Path.Combine(bench.Folder["data"], ".", "journal.db") } },
                },
            },
        };
        bench.Forget();

        var plan = await RestorePlan.ComputeAsync(
            bench.Context,
            new RestoreRequest { Backup = "latest", Only = ["db"], Environment = aimedAt, IsConfirmed = true },
            BackupBench.Token);

        var refusal = Assert.Single(plan.Refusals);
        Assert.Contains(named ?? "production", refusal.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_inside_a_restored_folder_comes_and_goes_with_it()
    {
        await using var bench = new BackupBench();
        var site = bench.Folder.Make("site");
        var database = Path.Combine(site, "data", "app.db");
        await bench.MakeDatabaseAsync(database, "PRAGMA journal_mode=wal; CREATE TABLE t(a); INSERT INTO t VALUES('backed up');");
        await File.WriteAllTextAsync(Path.Combine(site, "page.html"), "backed up", BackupBench.Token);
        bench.AddDatabase("db", database);
        bench.AddFiles("code", site);
        await bench.BackUpAsync();
        (await BackupBench.Sqlite(database, "UPDATE t SET a = 'live'")).Expect();
        await File.WriteAllTextAsync(Path.Combine(site, "page.html"), "live", BackupBench.Token);
        await File.WriteAllTextAsync(Path.Combine(site, "upload"), "kept", BackupBench.Token);

        var plan = await bench.PlanAsync();
        Assert.True(plan.IsAtomic);
        var result = await RestoreRun.ExecuteAsync(plan, new RunProgress(), BackupBench.Token);

        Assert.True(result.Verified);
        Assert.Equal("backed up", (await BackupBench.Sqlite(database, "SELECT a FROM t")).Output.Trim());
        Assert.Equal("backed up", await File.ReadAllTextAsync(Path.Combine(site, "page.html"), BackupBench.Token));
        Assert.Equal("kept", await File.ReadAllTextAsync(Path.Combine(site, "upload"), BackupBench.Token));

        await RollBackAsync(bench);
        Assert.Equal("live", (await BackupBench.Sqlite(database, "SELECT a FROM t")).Output.Trim());
        Assert.Equal("live", await File.ReadAllTextAsync(Path.Combine(site, "page.html"), BackupBench.Token));
    }

    [Fact]
    public async Task What_is_not_what_the_manifest_recorded_never_becomes_live()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        var planted = await larder.PlantAsync("local", backup, manifest => manifest with
        {
            Sources =
            [
                .. manifest.Sources.Select(source => source with
                {
                    Entries = [.. source.Entries.Select(entry => entry.Name == "entries" ? entry with { Rows = entry.Rows + 1 } : entry)],
                }),
            ],
        });
        larder.Execute("INSERT INTO entries VALUES (1000, 'live')");
        var before = await File.ReadAllBytesAsync(larder.Database, BackupBench.Token);
        var request = new RestoreRequest { Backup = planted, Repository = "local", Only = ["db"], IsConfirmed = true };
        var plan = await RestorePlan.ComputeAsync(larder.Context(), request, BackupBench.Token);

        var failure = await Assert.ThrowsAsync<LarderException>(() => RestoreRun.ExecuteAsync(plan, new RunProgress(), BackupBench.Token));

        Assert.Equal(EngineError.RestoreUndone, failure.Error);
        Assert.Contains("entries", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(larder.Database, BackupBench.Token));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(larder.Database)!, "*.larder-*"));
    }

    [Fact]
    public async Task A_torn_last_line_of_a_journal_is_not_believed()
    {
        await using var bench = await MakeAsync();
        var result = await bench.RestoreAsync();
        var journal = Path.Combine(bench.Folder["state"], "restores", $"{result.RunId}.jsonl");
        await File.AppendAllTextAsync(journal, "{\"at\":\"2026-01-01T00:00:00Z\",\"end\":\"Undo", BackupBench.Token);

        Assert.Equal(result.RunId, RollbackPlan.Compute(bench.Context, null).RunId);
        await RollBackAsync(bench);

        Assert.All(await File.ReadAllLinesAsync(journal, BackupBench.Token), line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public async Task The_plan_says_each_stage_and_changes_nothing()
    {
        await using var bench = await MakeAsync();
        await ChangeAsync(bench, "live");

        var plan = await bench.PlanAsync();

        Assert.True(plan.TakesSafetyBackup);
        Assert.Contains(plan.Stages, stage => stage.Contains("backed up: db, code", StringComparison.Ordinal));
        Assert.Contains(plan.Stages, stage => stage.Contains("larder rollback", StringComparison.Ordinal));
        Assert.Equal("live", await ReadAsync(bench));
        Assert.False(Directory.Exists(Path.Combine(bench.Folder["state"], "restores")));
    }

    private static async Task<BackupBench> MakeAsync(TimeProvider? clock = null)
    {
        var bench = new BackupBench { Clock = clock ?? TimeProvider.System };
        await bench.MakeDatabaseAsync(Database(bench), "CREATE TABLE t(a); INSERT INTO t VALUES('backed up');");
        bench.Folder.Make("site");
        await File.WriteAllTextAsync(Page(bench), "backed up", BackupBench.Token);
        bench.AddDatabase("db", Database(bench));
        bench.AddFiles("code", bench.Folder["site"]);
        await bench.BackUpAsync();
        return bench;
    }

    private static async Task ChangeAsync(BackupBench bench, string text)
    {
        (await BackupBench.Sqlite(Database(bench), $"UPDATE t SET a = '{text}'")).Expect();
        await File.WriteAllTextAsync(Page(bench), text, BackupBench.Token);
    }

    private static async Task<string> ReadAsync(BackupBench bench) =>
        (await BackupBench.Sqlite(Database(bench), "SELECT a FROM t")).Expect().Output.Trim();

    private static Task<RollbackResult> RollBackAsync(BackupBench bench) =>
        RollbackRun.ExecuteAsync(RollbackPlan.Compute(bench.Context, null), new RunProgress(), BackupBench.Token);

    private static async Task CleanAsync(BackupBench bench)
    {
        var plan = await CleanupPlan.ComputeAsync(bench.Context, null, BackupBench.Token);
        var report = await new CleanupRun(bench.Context, plan, new RunProgress()).ExecuteAsync(BackupBench.Token);
        Assert.Equal("success", report.Status);
    }

    private static string Database(BackupBench bench) => bench.Folder["data/journal.db"];

    private static string Page(BackupBench bench) => Path.Combine(bench.Folder["site"], "page.html");

    private static IEnumerable<string> Leftovers(BackupBench bench) => Directory
        .EnumerateFileSystemEntries(bench.Folder.FullPath, "*.larder-*", SearchOption.AllDirectories)
        .Where(path => !path.StartsWith(bench.RepositoryPath, StringComparison.Ordinal));
}
