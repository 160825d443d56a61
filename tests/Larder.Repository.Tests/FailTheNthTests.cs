using Larder.Repository.Maintenance;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests;

/// <summary>Storage operation 1, 2, 3… fails; after each, the repository checks clean, no lock is left, and every earlier backup comes back.</summary>
[Trait("Kind", "campaign")]
public sealed class FailTheNthTests
{
    private static readonly FaultKind[] Writing = [FaultKind.Error, FaultKind.LostAnswer, FaultKind.ShortWrite, FaultKind.FullDisk, FaultKind.BitFlip];
    private static readonly FaultKind[] Removing = [FaultKind.Error, FaultKind.LostAnswer];

    [Fact]
    public Task Backup() => HoldsAsync(
        Writing,
        async storage => await Backups.StoreAsync(storage, Backups.Files(3)));

    [Fact]
    public Task Prune() => HoldsAsync(
        Writing,
        async storage => await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 }),
        async (storage, backups) =>
        {
            // Half of the content is shared with what stays: packs are partly used. And an interrupted backup has left a pack.
            await Backups.ForgetAsync(storage, backups[0].Id);
            storage.Damage(new StorageKey(FileKind.Pack, Hash256.Random()), SeededBytes.Noise(500, 1));
            return [backups[1]];
        });

    [Fact]
    public Task Forget() => HoldsAsync(
        Removing,
        async storage =>
        {
            using var repository = await Backups.OpenAsync(storage);
            var ids = await Backups.ListAsync(storage, FileKind.Snapshot);
            await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None);
            foreach (var file in ids)
            {
                if ((await repository.LoadSnapshotAsync(new SnapshotId(file.Key.Name), CancellationToken.None)).Tags.Contains("old"))
                {
                    await new SnapshotEditor(repository, heldLock).RemoveAsync(new SnapshotId(file.Key.Name), CancellationToken.None);
                }
            }
        },
        async (storage, backups) =>
        {
            await RetagAsync(storage, backups[0].Id, "old");
            return [backups[1]];
        });

    [Fact]
    public Task Rewriting_tags() => HoldsAsync(
        Writing,
        async storage =>
        {
            foreach (var file in await Backups.ListAsync(storage, FileKind.Snapshot))
            {
                await RetagAsync(storage, new SnapshotId(file.Key.Name), "pinned");
            }
        },
        check: async (storage, backups) =>
        {
            // The ids change; what the snapshots give back does not, and each backup is there at least once.
            using var repository = await Backups.OpenAsync(storage);
            var restored = new List<IReadOnlyDictionary<string, Hash256>>();
            foreach (var file in await Backups.ListAsync(storage, FileKind.Snapshot))
            {
                restored.Add(await Backups.RestoreAsync(repository, new SnapshotId(file.Key.Name)));
            }
            await Backups.AssertHoldsAsync(storage, []);
            Assert.All(backups, backup => Assert.Contains(restored, files => files.OrderBy(f => f.Key, StringComparer.Ordinal).SequenceEqual(
                backup.Files.OrderBy(f => f.Key, StringComparer.Ordinal))));
        });

    [Fact]
    public Task Rebuilding_the_index() => HoldsAsync(
        Writing,
        async storage =>
        {
            using var repository = await Backups.OpenAsync(storage);
            await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None);
            await IndexRebuilder.ExecuteAsync(repository, heldLock, CancellationToken.None);
        });

    [Fact]
    public Task Copying_into_a_repository()
    {
        Repository? source = null;
        List<StoredSnapshot> snapshots = [];
        return HoldsAsync(
            Writing,
            async storage =>
            {
                using var target = await Backups.OpenAsync(storage);
                await using var writer = await RepositoryWriter.BeginAsync(target, CancellationToken.None);
                var index = await source!.LoadIndexAsync(CancellationToken.None);
                await new Copier(source, index, writer, 1).ExecuteAsync(snapshots, _ => { }, CancellationToken.None);
            },
            async (_, backups) =>
            {
                var other = await Backups.NewStorageAsync();
                await Backups.StoreAsync(other, Backups.Files(8));
                source = await Backups.OpenAsync(other);
                await foreach (var snapshot in source.ListSnapshotsAsync(e => throw e, CancellationToken.None))
                {
                    snapshots.Add(snapshot);
                }
                return backups;
            });
    }

    [Fact]
    public Task Adding_a_password() => HoldsAsync(
        Writing,
        async storage =>
        {
            using var repository = await Backups.OpenAsync(storage);
            await KeyRing.AddAsync(repository, "another", CancellationToken.None);
        });

    [Fact]
    public Task Removing_a_password() => HoldsAsync(
        Writing,
        async storage =>
        {
            using var repository = await Backups.OpenAsync(storage);
            foreach (var key in await KeyRing.ListAsync(repository, CancellationToken.None))
            {
                if (!key.IsCurrent)
                {
                    await KeyRing.RemoveAsync(repository, key.Id, CancellationToken.None);
                }
            }
        },
        async (storage, backups) =>
        {
            using var repository = await Backups.OpenAsync(storage);
            await KeyRing.AddAsync(repository, "another", CancellationToken.None);
            return backups;
        });

    private static async Task RetagAsync(IStorage storage, SnapshotId id, string tag)
    {
        using var repository = await Backups.OpenAsync(storage);
        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None);
        await new SnapshotEditor(repository, heldLock).ReplaceTagsAsync(id, _ => [tag], CancellationToken.None);
    }

    private static async Task HoldsAsync(
        FaultKind[] kinds,
        Func<FaultyStorage, Task> operation,
        Func<MemoryStorage, IReadOnlyList<StoredBackup>, Task<IReadOnlyList<StoredBackup>>>? prepare = null,
        Func<IStorage, IReadOnlyList<StoredBackup>, Task>? check = null)
    {
        var before = await Backups.NewStorageAsync();
        IReadOnlyList<StoredBackup> backups = [await Backups.StoreAsync(before, Backups.Files(1)), await Backups.StoreAsync(before, Backups.Files(2))];
        backups = prepare is null ? backups : await prepare(before, backups);

        await NthFailure.RunAsync(operation, LookAsync, kinds, before.Copy, SeededRandom.SeedFor(nameof(FailTheNthTests)));

        async Task LookAsync(IStorage after)
        {
            Assert.Empty(await Backups.ListAsync(after, FileKind.Lock));
            await (check ?? Backups.AssertHoldsAsync)(after, backups);

            // And whoever comes next can work.
            await Backups.PruneAsync(after);
            await (check ?? Backups.AssertHoldsAsync)(after, backups);
        }
    }
}
