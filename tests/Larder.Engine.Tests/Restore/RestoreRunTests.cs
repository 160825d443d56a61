using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Sources;
using Larder.Sources.Files;
using Larder.Testing;

namespace Larder.Engine.Tests.Restore;

public sealed class RestoreRunTests
{
    private const string OddTree =
        """
        mkdir -p "$0/a/empty" "$0/b"
        cd "$0"
        printf one > a/one; ln a/one b/linked; ln -s ../a/one b/symlink; ln -s nowhere b/dangling
        printf x > "$(printf 'new\nline')"; printf y > "$(printf 'bad\377byte')"; printf z > 'back\slash "quoted"'
        truncate -s 8M a/sparse; printf end >> a/sparse; : > a/zero; mkfifo b/pipe
        chmod 4750 a/one; chmod 0500 a/empty; touch -d '2001-02-03 04:05:06.789' a/zero b a
        """;

    [Fact]
    public async Task A_tree_with_odd_names_links_and_holes_comes_back_equal_at_a_new_target()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();

        var result = await bench.RestoreAsync(bench.Folder["out/deep"]);

        Assert.Equal(BackupStatus.Success, result.Status);
        Assert.True(result.Verified);
        Assert.Empty(FileTreeComparer.Compare(tree, bench.Folder["out/deep"] + tree));
        Assert.Empty(Leftovers(bench));
    }

    [Fact]
    public async Task An_existing_empty_folder_can_be_the_target()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();
        var target = bench.Folder.Make("out");

        await bench.RestoreAsync(target);

        Assert.Empty(FileTreeComparer.Compare(tree, target + tree));
        Assert.Empty(Leftovers(bench));
    }

    [Fact]
    public async Task Files_go_back_in_place_over_what_changed_and_leave_alone_what_is_new()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        await BackupBench.ShellAsync($"cp -a {tree} {bench.Folder["copy"]}");
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();
        await BackupBench.ShellAsync($"cd {tree}; printf changed > a/zero; rm b/linked b/symlink; printf new > extra; touch -d '2001-02-03 04:05:06.789' a");

        var plan = await bench.PlanAsync();
        var line = Assert.Single(plan.Lines);
        Assert.Equal(tree, line.Target);
        Assert.Equal(1, line.LeftAlone);
        Assert.True(line.Overwritten >= 6, $"{line.Overwritten} files were counted.");
        Assert.Equal("changed", await File.ReadAllTextAsync($"{tree}/a/zero", BackupBench.Token));

        await bench.RestoreAsync();

        var difference = Assert.Single(FileTreeComparer.Compare(bench.Folder["copy"], tree), one => one.Path.ToString() != "");
        Assert.Equal("extra", difference.Path.ToString());
    }

    [Fact]
    public async Task A_database_in_use_when_backed_up_comes_back_in_place_and_the_old_one_is_kept()
    {
        await using var bench = new BackupBench();
        var database = bench.Folder["data/journal.db"];
        await bench.MakeDatabaseAsync(database, "PRAGMA journal_mode=wal; CREATE TABLE t(a); INSERT INTO t VALUES(1),(2.5),('x'),(x'00ff'),(NULL);");
        bench.AddDatabase("db", database);
        await bench.BackUpAsync();
        (await BackupBench.Sqlite(database, "DELETE FROM t; INSERT INTO t VALUES('later');")).Expect();

        var result = await bench.RestoreAsync();

        Assert.True(result.Verified);
        Assert.Equal("5", (await BackupBench.Sqlite(database, "SELECT count(*) FROM t")).Output.Trim());
        Assert.Equal("later", (await BackupBench.Sqlite(Assert.Single(result.Replaced), "SELECT a FROM t")).Output.Trim());
    }

    [Fact]
    public async Task A_database_that_somebody_reads_is_refused_and_stays()
    {
        await using var bench = new BackupBench();
        var database = bench.Folder["data/journal.db"];
        await bench.MakeDatabaseAsync(database, "CREATE TABLE t(a); INSERT INTO t VALUES(1);");
        bench.AddDatabase("db", database);
        await bench.BackUpAsync();
        var before = await File.ReadAllBytesAsync(database, BackupBench.Token);
        var reading = new TaskCompletionSource();
        var letGo = new TaskCompletionSource();
        await using var reader = ChildProcess.Start(
            new ChildCommand("sqlite3", "-batch", database)
            {
                StandardInput = async (input, token) =>
                {
                    await input.WriteAsync("BEGIN; SELECT * FROM t;\n"u8.ToArray(), token);
                    await input.FlushAsync(token);
                    reading.SetResult();
                    await letGo.Task.WaitAsync(token);
                },
            },
            BackupBench.Token);
        await reading.Task;
        while ((await bench.PlanAsync()).Warnings.Count == 0)
        {
            await Task.Yield(); // Until the reader has the file open.
        }

        var plan = await bench.PlanAsync();
        var failure = await Assert.ThrowsAsync<SourceException>(
            () => Larder.Engine.Restore.RestoreRun.ExecuteAsync(plan, new RunProgress(), BackupBench.Token));

        letGo.SetResult();
        Assert.Equal(SourceError.TargetBusy, failure.Error);
        Assert.Equal(before, await File.ReadAllBytesAsync(database, BackupBench.Token));
        Assert.Empty(Leftovers(bench));
    }

    [Theory]
    [InlineData("fresh.db", "fresh.db")]
    [InlineData("folder/", "folder/journal.db")]
    public async Task A_database_goes_to_a_target_by_path_or_into_a_folder(string target, string expected)
    {
        await using var bench = new BackupBench();
        await bench.MakeDatabaseAsync(bench.Folder["data/journal.db"], "CREATE TABLE t(a); INSERT INTO t VALUES(1);");
        bench.AddDatabase("db", bench.Folder["data/journal.db"]);
        await bench.BackUpAsync();

        await bench.RestoreAsync($"{bench.Folder.FullPath}/out/{target}");

        Assert.Equal("1", (await BackupBench.Sqlite(bench.Folder[$"out/{expected}"], "SELECT count(*) FROM t")).Output.Trim());
    }

    [Fact]
    public async Task Several_sources_each_have_a_folder_below_the_target()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        await bench.MakeDatabaseAsync(bench.Folder["data/journal.db"], "CREATE TABLE t(a);");
        bench.AddFiles("code", tree);
        bench.AddDatabase("db", bench.Folder["data/journal.db"]);
        bench.AddCommand("said", "echo hello");
        await bench.BackUpAsync();

        var result = await bench.RestoreAsync(bench.Folder["out"]);

        Assert.Equal(3, result.Targets.Count);
        Assert.Empty(FileTreeComparer.Compare(tree, bench.Folder["out/code"] + tree));
        Assert.True(File.Exists(bench.Folder["out/db/journal.db"]));
        Assert.Equal("hello\n", await File.ReadAllTextAsync(bench.Folder["out/said/out.txt"], BackupBench.Token));
    }

    [Fact]
    public async Task One_entry_is_restored_alone()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();

        var entry = $@"{tree.TrimStart('/')}/new\nline";
        var result = await bench.RestoreAsync(bench.Folder["out"], entry);

        Assert.Equal(["new\nline"], Directory.EnumerateFileSystemEntries(bench.Folder["out"] + tree).Select(Path.GetFileName));
        Assert.Equal(BackupStatus.Success, result.Status);
        var unknown = await Assert.ThrowsAsync<LarderException>(() => bench.PlanAsync(bench.Folder["out"], $"{tree.TrimStart('/')}/newline"));
        Assert.Equal(EngineError.UnknownEntry, unknown.Error);
        Assert.Contains(@"did you mean new\nline?", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_command_printed_has_no_place_and_a_table_is_not_restored_alone()
    {
        await using var bench = new BackupBench();
        await bench.MakeDatabaseAsync(bench.Folder["data/journal.db"], "CREATE TABLE t(a);");
        bench.AddDatabase("db", bench.Folder["data/journal.db"]);
        bench.AddCommand("said", "echo hello");
        await bench.BackUpAsync();

        var plan = await bench.PlanAsync(only: "said");
        Assert.Contains("--target", Assert.Single(plan.Refusals).Reason, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<LarderException>(
            () => Larder.Engine.Restore.RestoreRun.ExecuteAsync(plan, new RunProgress(), BackupBench.Token));
        Assert.Equal(ExitStatus.Refused, refused.ExitStatus);

        var table = await Assert.ThrowsAsync<LarderException>(() => bench.PlanAsync(entry: "t", only: "db"));
        Assert.Contains("table", table.Message, StringComparison.Ordinal);
        var url = await Assert.ThrowsAsync<LarderException>(() => bench.PlanAsync("postgresql://localhost/x"));
        Assert.Contains("URL", url.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_without_confirmation_is_not_executed()
    {
        await using var bench = new BackupBench();
        bench.AddCommand("said", "echo hello");
        await bench.BackUpAsync();
        var plan = await bench.PlanAsync(bench.Folder["out.txt"]) with { IsConfirmed = false };

        var refused = await Assert.ThrowsAsync<LarderException>(
            () => Larder.Engine.Restore.RestoreRun.ExecuteAsync(plan, new RunProgress(), BackupBench.Token));

        Assert.Equal(EngineError.ConfirmationMissing, refused.Error);
        Assert.False(File.Exists(bench.Folder["out.txt"]));
    }

    [Fact]
    public async Task A_damaged_pack_leaves_the_target_untouched_and_is_named()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder.Make("code");
        for (var i = 0; i < 40; i++)
        {
            await File.WriteAllBytesAsync($"{tree}/{i:d2}", Noise(i), BackupBench.Token);
        }
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();
        bench.Forget();
        var pack = new DirectoryInfo($"{bench.RepositoryPath}/data").EnumerateFiles("*", SearchOption.AllDirectories).MaxBy(file => file.Length)!;
        await BackupBench.ShellAsync($"chmod u+w {pack.FullName}; printf damage | dd of={pack.FullName} bs=1 seek={pack.Length / 2} conv=notrunc status=none");

        var failure = await Assert.ThrowsAsync<RepositoryException>(() => bench.RestoreAsync(bench.Folder["out/deep"]));

        Assert.Equal(RepositoryError.Damaged, failure.Error);
        Assert.Contains(pack.Name[..8], failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(bench.Folder["out"]));
        Assert.Empty(Leftovers(bench));
    }

    [Fact]
    public async Task A_cancelled_restore_leaves_nothing_behind()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder.Make("code");
        for (var i = 0; i < 64; i++)
        {
            await File.WriteAllBytesAsync($"{tree}/{i:d2}", Noise(i), BackupBench.Token);
        }
        bench.AddFiles("code", tree);
        await bench.BackUpAsync();
        var plan = await bench.PlanAsync(bench.Folder["out"]);
        using var stopping = new CancellationTokenSource();
        var progress = new RunProgress();
        var watching = Task.Run(
            async () =>
            {
                while (progress.DoneBytes < 8 << 20)
                {
                    await Task.Yield();
                }
                await stopping.CancelAsync();
            },
            BackupBench.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Larder.Engine.Restore.RestoreRun.ExecuteAsync(plan, progress, stopping.Token));

        await watching;
        Assert.False(Directory.Exists(bench.Folder["out"]));
        Assert.Empty(Leftovers(bench));
    }

    [Theory]
    [MemberData(nameof(Restics))]
    public async Task A_snapshot_of_real_restic_is_restored_to_a_target(string name)
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["code"];
        await Make(tree);
        var restic = ResticBinary.Named(name).At(bench.RepositoryPath, BackupBench.Password);
        await restic.InitAsync(cancellationToken: BackupBench.Token);
        var snapshot = await restic.BackupAsync(tree, cancellationToken: BackupBench.Token);

        var result = await bench.RestoreAsync(bench.Folder["out"], backup: snapshot[..8]);

        Assert.Equal(BackupStatus.Success, result.Status);
        Assert.Empty(FileTreeComparer.Compare(tree, bench.Folder["out"] + tree));
        var refused = await bench.PlanAsync(backup: snapshot[..8]);
        Assert.NotEmpty(refused.Refusals);
    }

    [Fact]
    public async Task A_full_target_is_told_and_keeps_what_stood_there()
    {
        await using var bench = new BackupBench();
        await bench.MakeDatabaseAsync(
            bench.Folder["data/journal.db"], "CREATE TABLE t(a); INSERT INTO t SELECT randomblob(1000000) FROM generate_series(1, 4);");
        bench.AddDatabase("db", bench.Folder["data/journal.db"]);
        await bench.BackUpAsync();
        var small = bench.Folder.Make("small");
        var mounted = await ChildProcess.RunAsync(new ChildCommand("mount", "-t", "tmpfs", "-o", "size=2m", "none", small), BackupBench.Token);
        Assert.SkipUnless(mounted.ExitStatus == 0, "Mounting a small tmpfs needs root.");
        try
        {
            await bench.MakeDatabaseAsync($"{small}/journal.db", "CREATE TABLE old(a);");

            var plan = await bench.PlanAsync($"{small}/journal.db");
            Assert.Single(plan.Refusals);
            var failure = await Assert.ThrowsAsync<SourceException>(
                () => Larder.Engine.Restore.RestoreRun.ExecuteAsync(plan with { Refusals = [] }, new RunProgress(), BackupBench.Token));

            Assert.Equal(SourceError.TargetFull, failure.Error);
            Assert.Equal([$"{small}/journal.db"], Directory.EnumerateFileSystemEntries(small));
            Assert.Equal("old", (await BackupBench.Sqlite($"{small}/journal.db", ".tables")).Output.Trim());
        }
        finally
        {
            await ChildProcess.RunAsync(new ChildCommand("umount", small), CancellationToken.None);
        }
    }

    public static TheoryData<string> Restics => [.. ResticBinary.All.Select(binary => binary.Name)];

    private static byte[] Noise(int seed)
    {
        var bytes = new byte[1 << 20];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task Make(string tree) =>
        (await ChildProcess.RunAsync(new ChildCommand("/bin/sh", "-ec", OddTree, tree), BackupBench.Token)).Expect();

    private static IEnumerable<string> Leftovers(BackupBench bench) => Directory
        .EnumerateFileSystemEntries(bench.Folder.FullPath, "*.larder-*", SearchOption.AllDirectories)
        .Where(path => !path.StartsWith(bench.RepositoryPath, StringComparison.Ordinal));
}
