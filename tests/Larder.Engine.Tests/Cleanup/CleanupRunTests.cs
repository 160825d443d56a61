using System.Text.Json;
using Larder.Engine.Backups;
using Larder.Engine.Cleanup;
using Larder.Engine.Drills;
using Larder.Engine.Errors;
using Larder.Engine.Retention;
using Larder.Engine.Verify;
using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Repository.Writing;
using Larder.Testing;

namespace Larder.Engine.Tests.Cleanup;

public sealed class CleanupRunTests
{
    [Fact]
    public async Task Each_repository_keeps_what_its_own_policy_says()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.Keep = new KeepPolicy { Last = 2 };
        larder.KeepIn["offsite"] = new KeepPolicy { Last = 3 };
        var backups = new List<Backup>();
        for (var i = 0; i < 4; i++)
        {
            larder.Execute($"INSERT INTO entries VALUES ({1000 + i}, hex(randomblob(20000)))");
            backups.Add(await larder.BackUpAsync());
        }

        var plan = await PlanAsync(larder);
        Assert.Equal(4 - 2 + (4 - 3), plan.Removals);
        Assert.All(plan.Repositories.SelectMany(repository => repository.Lines), line => Assert.NotEmpty(line.Why));
        Assert.Equal(4, (await larder.ListAsync("local")).Count); // A plan changes nothing.

        var sizeBefore = Size(larder, "local");
        var report = await new CleanupRun(larder.Context(), plan, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Equal("success", report.Status);
        Assert.Equal(Ids(backups[0], backups[1]), report.Deleted.Select(backup => backup.BackupId).Order());
        Assert.Equal(["local", "offsite"], report.Deleted.Single(backup => backup.BackupId == backups[0].BackupId).Repositories);
        Assert.Equal(["local"], report.Deleted.Single(backup => backup.BackupId == backups[1].BackupId).Repositories);
        Assert.Equal(3, report.Kept);
        Assert.True(report.FreedBytes > 0);
        Assert.True(Size(larder, "local") < sizeBefore);
        Assert.Equal(Ids(backups[2], backups[3]), Ids([.. await larder.ListAsync("local")]));
        Assert.Equal(Ids(backups[1], backups[2], backups[3]), Ids([.. await larder.ListAsync("offsite")]));
        await AssertSoundAsync(larder);

        // Once more: nothing is left to do, and the same plan does no harm.
        var again = await new CleanupRun(larder.Context(), plan, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Equal("success", again.Status);
        Assert.Empty(again.Deleted);
        Assert.Equal(0, (await PlanAsync(larder)).Removals);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(2, json.RootElement.GetProperty("deleted").GetArrayLength());
        Assert.Equal(report.FreedBytes, json.RootElement.GetProperty("freed_bytes").GetInt64());
        using var planned = JsonDocument.Parse(plan.ToJson());
        Assert.Equal(8, planned.RootElement.GetProperty("repositories").EnumerateArray().Sum(repository => repository.GetProperty("lines").GetArrayLength()));
    }

    [Fact]
    public async Task What_is_not_ours_to_clean_is_left_alone_and_said_to_be()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.Keep = new KeepPolicy { Last = 1 };
        await larder.BackUpAsync();
        await larder.BackUpAsync();
        await CommitForeignAsync(larder);
        larder.JobName = "renamed"; // The old job is no longer configured.
        await larder.BackUpAsync();

        var plan = await PlanAsync(larder);
        Assert.Equal(0, plan.Removals);
        Assert.Contains(plan.Hints, hint => hint.Contains("\"journal\"", StringComparison.Ordinal) && hint.Contains("no longer configured", StringComparison.Ordinal));
        Assert.Contains(plan.Hints, hint => hint.Contains("1 snapshots that are not Larder's", StringComparison.Ordinal));
        await new CleanupRun(larder.Context(), plan, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Equal(4, larder.StoredFiles("local", FileKind.Snapshot).Count);
        await AssertSoundAsync(larder);
    }

    [Fact]
    public async Task A_repository_that_is_out_of_reach_does_not_keep_the_other_from_being_cleaned()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.Keep = new KeepPolicy { Last = 1 };
        await larder.BackUpAsync();
        await larder.BackUpAsync();
        Directory.Move(larder.PathOf("local"), larder.PathOf("elsewhere")); // The first of the two.

        var report = await new CleanupRun(larder.Context(), await PlanAsync(larder), new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Equal("partial", report.Status);
        Assert.Equal(ExitStatus.Partial, report.ExitStatus);
        Assert.Equal(ExitStatus.NoRepository, report.Error!.ExitStatus);
        Assert.Single(report.Deleted);
        Assert.Single(await larder.ListAsync("offsite"));
    }

    [Fact]
    public async Task Nothing_is_removed_from_a_damaged_repository()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.Keep = new KeepPolicy { Last = 1 };
        await larder.BackUpAsync();
        await larder.BackUpAsync();
        var plan = await PlanAsync(larder);
        larder.StoredFiles("local", FileKind.Pack)[0].Delete();

        var report = await new CleanupRun(larder.Context(), plan, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Equal("partial", report.Status);
        Assert.Equal(2, larder.StoredFiles("local", FileKind.Snapshot).Count);
        Assert.Single(await larder.ListAsync("offsite"));
    }

    [Fact]
    public async Task A_pin_that_came_after_the_plan_protects()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.Keep = new KeepPolicy { Last = 1 };
        var first = await larder.BackUpAsync();
        await larder.BackUpAsync();
        var plan = await PlanAsync(larder);
        await new PinRun(larder.Context(), [first.ShortId], pinned: true).ExecuteAsync(CancellationToken.None);

        var report = await new CleanupRun(larder.Context(), plan, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Empty(report.Deleted);
        Assert.Equal(2, (await larder.ListAsync("local")).Count);
    }

    [Fact]
    [Trait("Kind", "campaign")]
    public async Task A_storage_that_fails_in_the_middle_of_a_cleanup_loses_nothing()
    {
        var seed = SeededRandom.SeedFor(nameof(A_storage_that_fails_in_the_middle_of_a_cleanup_loses_nothing));
        await using var larder = await ScratchLarder.CreateAsync();
        larder.To = ["local"];
        larder.Keep = new KeepPolicy { Last = 1 };
        await larder.BackUpAsync();
        larder.Execute("INSERT INTO entries VALUES (5000, hex(randomblob(20000)))");
        var last = await larder.BackUpAsync();
        var pristine = new LocalStorage(larder.PathOf("local"));

        var result = await NthFailure.RunAsync(
            async faulty =>
            {
                larder.Wrap = (name, storage) => name == "local" ? faulty : storage;
                var context = larder.Context(withCatalog: false);
                var plan = await CleanupPlan.ComputeAsync(context, null, CancellationToken.None);
                var report = await new CleanupRun(context, plan, new RunProgress()).ExecuteAsync(CancellationToken.None);
                if (report.Error is { } error)
                {
                    throw new RepositoryException(RepositoryError.StorageFailed, error.Message);
                }
            },
            async inner =>
            {
                larder.Wrap = (name, storage) => name == "local" ? inner : storage;
                var request = new VerifyRequest { Level = VerifyLevel.Data, Repository = "local" };
                // A lock whose removal failed is left behind by a process that lives on: this one.
                var context = larder.Context(withCatalog: false);
                await new Engine.Maintenance.UnlockRun(context, "local", all: true).ExecuteAsync(CancellationToken.None);
                var report = await new VerifyRun(context, request, new RunProgress()).ExecuteAsync(CancellationToken.None);
                Assert.True(report.Errors.Count == 0, string.Join('\n', report.Errors.Select(error => error.Message)));
                var listed = await context.Library.ListAsync("local", CancellationToken.None);
                Assert.Contains(last.BackupId, listed.Select(backup => backup.BackupId));
            },
            [FaultKind.Error, FaultKind.LostAnswer, FaultKind.FullDisk],
            async () => await CopyAsync(pristine),
            seed);
        Assert.True(result.Faults > 50, $"Only {result.Faults} operations were struck (seed {seed}).");
    }

    [Fact]
    public async Task Removal_refuses_the_pinned_and_the_last_good_backup()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var first = await larder.BackUpAsync();
        var second = await larder.BackUpAsync();
        await new PinRun(larder.Context(), [first.Timestamp], pinned: true).ExecuteAsync(CancellationToken.None);

        Assert.Equal(EngineError.BackupPinned, (await Assert.ThrowsAsync<LarderException>(() => RemoveAsync(larder, false, first.ShortId, second.ShortId))).Error);
        Assert.Equal(2, (await larder.ListAsync()).Count);
        await new PinRun(larder.Context(), [first.BackupId], pinned: false).ExecuteAsync(CancellationToken.None);

        var report = await RemoveAsync(larder, false, first.ShortId);
        Assert.Equal(["local", "offsite"], Assert.Single(report.Deleted).Repositories);
        Assert.Equal(1, report.Kept);
        Assert.Equal(EngineError.LastGoodBackup, (await Assert.ThrowsAsync<LarderException>(() => RemoveAsync(larder, false, "latest"))).Error);
        Assert.Single(await larder.ListAsync());
        Assert.Single((await RemoveAsync(larder, true, "latest")).Deleted);
        Assert.Empty(await larder.ListAsync());
        Assert.Empty(larder.StoredFiles("local", FileKind.Pack));
    }

    [Fact]
    public async Task Removal_refuses_the_last_backup_that_passed_a_drill()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var drilled = await larder.BackUpAsync();
        await larder.BackUpAsync();
        var request = new DrillRequest { Name = drilled.BackupId };
        Assert.Equal("success", (await new DrillRun(larder.Context(), request, new RunProgress()).ExecuteAsync(CancellationToken.None)).Status);

        var refused = await Assert.ThrowsAsync<LarderException>(() => RemoveAsync(larder, false, drilled.ShortId));

        Assert.Equal(EngineError.LastGoodBackup, refused.Error);
        Assert.Contains("passed a drill", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await larder.ListAsync()).Count);
        Assert.Single((await RemoveAsync(larder, true, drilled.ShortId)).Deleted);
    }

    [Fact]
    public async Task A_pin_survives_the_catalog_and_the_first_id_still_names_the_backup()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        await larder.BackUpAsync();
        var report = await new PinRun(larder.Context(), [backup.BackupId], pinned: true).ExecuteAsync(CancellationToken.None);
        Assert.Equal(["local", "offsite"], Assert.Single(report.Backups).Changed);
        File.Delete(larder.Catalog);

        var pinned = await larder.Context().Library.ResolveAsync(backup.ShortId, null, CancellationToken.None);
        Assert.True(pinned.Pinned);
        Assert.Equal(backup.BackupId, pinned.BackupId);
        Assert.All(pinned.Places, place => Assert.NotEqual(backup.BackupId, place.SnapshotId.ToString()));
        Assert.Equal(4, larder.StoredFiles("local", FileKind.Snapshot).Count + larder.StoredFiles("offsite", FileKind.Snapshot).Count);

        // Harmless when repeated: no file changes.
        var files = larder.StoredFiles("local", FileKind.Snapshot).Select(file => file.Name).Order().ToList();
        Assert.Empty((await new PinRun(larder.Context(), [backup.BackupId], pinned: true).ExecuteAsync(CancellationToken.None)).Backups[0].Changed);
        Assert.Equal(files, larder.StoredFiles("local", FileKind.Snapshot).Select(file => file.Name).Order());

        larder.Keep = new KeepPolicy { Last = 1 };
        await new CleanupRun(larder.Context(), await PlanAsync(larder), new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Equal(2, (await larder.ListAsync("local")).Count);
        await AssertSoundAsync(larder);
    }

    private static Task<CleanupPlan> PlanAsync(ScratchLarder larder) => CleanupPlan.ComputeAsync(larder.Context(), null, CancellationToken.None);

    private static Task<CleanupReport> RemoveAsync(ScratchLarder larder, bool force, params string[] names) =>
        new RemoveRun(larder.Context(), new RemoveRequest { Backups = names, Force = force }, new RunProgress()).ExecuteAsync(CancellationToken.None);

    private static IEnumerable<string> Ids(params Backup[] backups) => backups.Select(backup => backup.BackupId).Order();

    private static long Size(ScratchLarder larder, string repository) => larder.StoredFiles(repository, FileKind.Pack).Sum(file => file.Length);

    private static async Task AssertSoundAsync(ScratchLarder larder)
    {
        var report = await new VerifyRun(larder.Context(), new VerifyRequest { Level = VerifyLevel.Content }, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Empty(report.Errors);
    }

    private static async Task CommitForeignAsync(ScratchLarder larder)
    {
        var repository = await larder.Context().Repositories.OpenAsync("local", CancellationToken.None);
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var tree = await intake.StoreTreeAsync(new Tree([]), CancellationToken.None);
        await intake.CompleteAsync(CancellationToken.None);
        await writer.CommitSnapshotAsync(new Snapshot { Time = larder.Clock.Now, Tree = tree, Paths = ["/srv"], Tags = ["theirs"] }, CancellationToken.None);
    }

    private static async Task<IStorage> CopyAsync(IStorage source)
    {
        var copy = new MemoryStorage();
        foreach (var kind in new[] { FileKind.Key, FileKind.Index, FileKind.Snapshot, FileKind.Pack })
        {
            await foreach (var file in source.ListAsync(kind, CancellationToken.None))
            {
                await PutAsync(file.Key, file.LengthBytes);
            }
        }
        await PutAsync(StorageKey.Config, (await source.FindLengthAsync(StorageKey.Config, CancellationToken.None))!.Value);
        return copy;

        async Task PutAsync(StorageKey key, long length)
        {
            var bytes = new byte[length];
            await source.ReadAsync(key, 0, bytes, CancellationToken.None);
            await copy.PutAsync(key, new System.Buffers.ReadOnlySequence<byte>(bytes), CancellationToken.None);
        }
    }
}
