using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Files;
using Larder.Testing;

namespace Larder.Engine.Tests.BackingUp;

public sealed class BackupRunTests
{
    private const string Repositories = """
        repositories:
          local: { path: FOLDER/repository, password: secret }

        """;

    [Fact]
    public async Task A_job_of_several_sources_is_one_restore_point_that_restic_restores()
    {
        await using var work = new Workplace(Repositories + """
            jobs:
              journal:
                sources:
                  db: { sqlite: { path: FOLDER/app.db } }
                  code: { files: { paths: [FOLDER/code] } }
                  image: { command: { run: "seq 1 100000", name: numbers.txt } }
            """);
        await work.InitAsync();
        await MakeDatabaseAsync(work["app.db"], rows: 1000);
        MakeCode(work["code"]);

        var result = await RunAsync(work, new BackupRequest { Job = "journal", Description = "first" });

        Assert.Equal(ExitStatus.Done, result.ExitStatus);
        Assert.Equal(["db", "code", "image"], result.Backup.Sources.Select(source => source.Name));
        Assert.Equal(1000, result.Backup.Sources[0].Rows); // What describes the tables is no row of theirs.
        (await work.Restic().CheckReadDataAsync()).Expect();
        (await work.Restic().RestoreAsync("latest", work["restored"])).Expect();
        Assert.Empty(FileTreeComparer.Compare(work["code"], work[$"restored/journal/code{work["code"]}"]));
        Assert.Equal(await SqliteAsync(work["app.db"], ".dump"), await SqliteAsync(work["restored/journal/db/app.db"], ".dump"));
        Assert.Equal(string.Join('\n', Enumerable.Range(1, 100000)) + "\n", await File.ReadAllTextAsync(work["restored/journal/image/numbers.txt"]));
        var snapshot = Assert.Single(await work.Restic().SnapshotsAsync());
        Assert.Equal(["larder", "job:journal"], snapshot.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
    }

    [Fact]
    public async Task A_second_backup_adds_only_what_changed()
    {
        await using var work = new Workplace(Repositories + """
            jobs:
              journal:
                sources:
                  code: { files: { paths: [FOLDER/code] } }
            """);
        await work.InitAsync();
        MakeCode(work["code"]);
        await File.WriteAllBytesAsync(work["code/large.bin"], Seeded(8 << 20));
        var first = await RunAsync(work, new BackupRequest { Job = "journal" });

        await File.WriteAllTextAsync(work["code/new.txt"], "new");
        var second = await RunAsync(work, new BackupRequest { Job = "journal" });

        Assert.True(first.Backup.AddedBytes > 8 << 20, $"first added {first.Backup.AddedBytes}");
        Assert.True(second.Backup.AddedBytes < 16 << 10, $"second added {second.Backup.AddedBytes}");
        Assert.Equal(first.Backup.SizeBytes + 3, second.Backup.SizeBytes);
    }

    [Fact]
    public async Task What_cannot_be_kept_as_configured_makes_the_backup_partial_and_is_named()
    {
        await using var work = new Workplace(Repositories + """
            jobs:
              journal:
                sources:
                  code: { files: { paths: [FOLDER/code, FOLDER/linked] } }
            """);
        await work.InitAsync();
        MakeCode(work["code"]);
        File.CreateSymbolicLink(work["linked"], work["code"]); // Kept as a link, which is hardly what its owner means.

        var result = await RunAsync(work, new BackupRequest { Job = "journal" });

        Assert.Equal(ExitStatus.Partial, result.ExitStatus);
        Assert.Equal(BackupStatus.Partial, result.Backup.Status);
        Assert.Contains("linked", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Contains("partial", Assert.Single(await work.Restic().SnapshotsAsync()).GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(RunStatus.Partial, Assert.Single(work.Context.Catalog!.Runs(new RunFilter()).Runs).Status);
    }

    [Theory]
    [InlineData("seq 1 100000; exit 1")]
    [InlineData("seq 1 100000; kill -9 $$")]
    public async Task A_command_that_fails_after_writing_everything_leaves_no_backup(string command)
    {
        await using var work = new Workplace(Repositories + $$"""
            jobs:
              journal:
                sources:
                  good: { command: { run: "echo good", name: good.txt } }
                  bad: { command: { run: "{{command}}", name: bad.txt } }
                hooks: { on_failure: ["echo $LARDER_STATUS $LARDER_JOB > FOLDER/told"] }
            """);
        await work.InitAsync();

        var failure = await Assert.ThrowsAsync<SourceException>(() => RunAsync(work, new BackupRequest { Job = "journal" }));

        Assert.Equal(SourceError.ToolFailed, failure.Error);
        Assert.Empty(await work.Context.Library.ListAsync(null, CancellationToken.None));
        Assert.Equal(RunStatus.Failed, Assert.Single(work.Context.Catalog!.Runs(new RunFilter()).Runs).Status);
        Assert.Equal("failed journal\n", await File.ReadAllTextAsync(work["told"]));
        Assert.Empty(Directory.GetFiles(work["repository/locks"]));
        (await work.Restic().CheckReadDataAsync()).Expect();
    }

    [Fact]
    public async Task A_repository_that_cannot_be_opened_does_not_cost_the_others_their_backup()
    {
        await using var work = new Workplace("""
            repositories:
              missing: { path: FOLDER/missing, password: secret }
              local: { path: FOLDER/repository, password: secret }
            jobs:
              journal:
                sources:
                  numbers: { command: { run: "seq 1 100", name: numbers.txt } }
            """);
        await work.Context.Repositories.CreateAsync("local", CancellationToken.None);

        var result = await RunAsync(work, new BackupRequest { Job = "journal" });

        Assert.Equal(ExitStatus.Partial, result.ExitStatus);
        Assert.Contains("\"missing\"", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal(["local"], result.Backup.Repositories);
    }

    [Fact]
    public async Task A_backup_has_one_id_in_all_of_its_repositories()
    {
        await using var work = new Workplace("""
            repositories:
              local: { path: FOLDER/repository, password: secret }
              offsite: { path: FOLDER/offsite, password: other }
            jobs:
              journal:
                sources:
                  numbers: { command: { run: "seq 1 100000", name: numbers.txt } }
            """);
        await work.InitAsync();

        var result = await RunAsync(work, new BackupRequest { Job = "journal" });

        var listed = Assert.Single(await work.Context.Library.ListAsync(null, CancellationToken.None));
        Assert.Equal(result.Backup.BackupId, listed.BackupId);
        Assert.Equal(["local", "offsite"], listed.Repositories);
        var open = await work.Context.Library.OpenAsync(listed with { Places = [listed.Places[1]] }, CancellationToken.None);
        Assert.Equal(result.RunId, open.Manifest.RunId);
    }

    [Fact]
    public async Task A_before_hook_that_fails_stops_the_backup_and_an_after_hook_that_fails_makes_the_run_partial()
    {
        const string Job = """
              NAME:
                sources:
                  numbers: { command: { run: "seq 1 100", name: numbers.txt } }
                hooks: HOOKS

            """;
        await using var work = new Workplace(Repositories + "jobs:\n"
            + Job.Replace("NAME", "early").Replace("HOOKS", "{ before: [\"exit 3\"] }")
            + Job.Replace("NAME", "late").Replace("HOOKS", "{ after: [\"test $LARDER_STATUS = success && exit 3\"] }"));
        await work.InitAsync();

        var failure = await Assert.ThrowsAsync<LarderException>(() => RunAsync(work, new BackupRequest { Job = "early" }));
        var late = await RunAsync(work, new BackupRequest { Job = "late" });

        Assert.Equal(EngineError.HookFailed, failure.Error);
        Assert.Equal(ExitStatus.Partial, late.ExitStatus);
        Assert.Equal(BackupStatus.Success, Assert.Single(await work.Context.Library.ListAsync(null, CancellationToken.None)).Status);
    }

    [Fact]
    public async Task A_job_does_not_run_twice_at_once()
    {
        await using var work = new Workplace(Repositories + """
            jobs:
              journal:
                sources:
                  slow: { command: { run: "touch FOLDER/started; while ! test -e FOLDER/go; do sleep 0.01; done; echo done", name: slow.txt } }
            """);
        await work.InitAsync();

        var first = RunAsync(work, new BackupRequest { Job = "journal" });
        await Eventually.TrueAsync(() => File.Exists(work["started"]));
        var refusal = await Assert.ThrowsAsync<LarderException>(() => RunAsync(work, new BackupRequest { Job = "journal" }));
        await File.WriteAllTextAsync(work["go"], "");

        Assert.Equal(EngineError.JobAlreadyRunning, refusal.Error);
        Assert.Equal(ExitStatus.Done, (await first).ExitStatus);
    }

    [Fact]
    public async Task A_source_that_takes_longer_than_its_timeout_fails_the_backup()
    {
        await using var work = new Workplace(Repositories + """
            jobs:
              journal:
                sources:
                  slow: { command: { run: "echo begun; sleep 600", name: slow.txt }, timeout: 1s }
            """);
        await work.InitAsync();

        var failure = await Assert.ThrowsAsync<SourceException>(() => RunAsync(work, new BackupRequest { Job = "journal" }));

        Assert.Equal(SourceError.TimedOut, failure.Error);
        Assert.Empty(await work.Context.Library.ListAsync(null, CancellationToken.None));
    }

    [Fact]
    public void What_is_selected_follows_the_options()
    {
        var job = new Larder.Engine.Configuration.JobSettings
        {
            Name = "journal",
            To = ["local"],
            Sources =
            [
                new Larder.Engine.Configuration.SqliteSourceSettings { Name = "db", Path = "/x.db" },
                new Larder.Engine.Configuration.FilesSourceSettings { Name = "code", Paths = ["/x"] },
            ],
        };

        Assert.Equal(["db"], new BackupRequest { Job = "journal", DatabasesOnly = true }.SelectFrom(job).Select(source => source.Name));
        Assert.Equal(["code"], new BackupRequest { Job = "journal", CodeOnly = true }.SelectFrom(job).Select(source => source.Name));
        Assert.Equal(["code"], new BackupRequest { Job = "journal", Only = ["code"] }.SelectFrom(job).Select(source => source.Name));
        Assert.Equal(
            EngineError.UnknownSource,
            Assert.Throws<LarderException>(() => new BackupRequest { Job = "journal", Only = ["x"] }.SelectFrom(job)).Error);
        Assert.Equal(
            EngineError.NothingToBackUp,
            Assert.Throws<LarderException>(() => new BackupRequest { Job = "journal", Only = ["db"], CodeOnly = true }.SelectFrom(job)).Error);
    }

    private static Task<BackupResult> RunAsync(Workplace work, BackupRequest request) =>
        new BackupRun(work.Context, request, new RunProgress()).ExecuteAsync(CancellationToken.None);

    private static void MakeCode(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "app"));
        File.WriteAllText(Path.Combine(folder, "app", "main.py"), "print('hello')\n");
        File.WriteAllText(Path.Combine(folder, "app", "empty"), "");
        File.WriteAllText(Path.Combine(folder, "odd \n name"), "odd");
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "app/main.py");
    }

    private static async Task MakeDatabaseAsync(string path, int rows) => await SqliteAsync(
        path,
        "PRAGMA journal_mode=WAL; CREATE TABLE entries(id INTEGER PRIMARY KEY, text TEXT);"
            + $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO entries SELECT i, hex(randomblob(20)) FROM n;");

    private static async Task<string> SqliteAsync(string path, string command) =>
        (await ChildProcess.RunAsync(new ChildCommand("sqlite3", path, command))).Expect().Output;

    private static byte[] Seeded(int bytes)
    {
        var content = new byte[bytes];
        new Random(7).NextBytes(content);
        return content;
    }
}
