using Larder.Repository.Maintenance;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Maintenance;

[Trait("Kind", "campaign")]
public sealed class PrunerTests
{
    private static readonly int Histories = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 200 : 12;

    [Fact]
    public async Task The_plan_says_what_then_happens()
    {
        var storage = await Backups.NewStorageAsync();
        var first = await Backups.StoreAsync(storage, Backups.Files(1, count: 30));
        var second = await Backups.StoreAsync(storage, Backups.Files(2, count: 30));
        await Backups.ForgetAsync(storage, first.Id);
        storage.Damage(new StorageKey(FileKind.Pack, Hash256.Random()), SeededBytes.Noise(5000, 1));
        var before = await PackBytesAsync(storage);
        PrunePlan planned;
        using (var repository = await Backups.OpenAsync(storage))
        {
            planned = await Pruner.PlanAsync(repository, new PruneOptions { UnusedPercentMax = 0 }, CancellationToken.None);
        }

        var done = await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 });

        Assert.Equal(planned.FreedBytes, done.FreedBytes);
        Assert.Equal(before, done.TotalBytes);
        Assert.Equal(before - done.FreedBytes, await PackBytesAsync(storage));
        Assert.NotEmpty(done.Repacked);
        Assert.Single(done.Unindexed);
        Assert.Equal(0, done.UnusedBytesLeft);
        Assert.True((await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 })).IsNothing);
        await Backups.AssertHoldsAsync(storage, [second]);
    }

    [Fact]
    public async Task Boxes_are_moved_as_they_are()
    {
        var storage = await Backups.NewStorageAsync();
        var first = await Backups.StoreAsync(storage, Backups.Files(1, count: 30));
        await Backups.StoreAsync(storage, Backups.Files(2, count: 30));
        var before = await BoxesAsync(storage);
        await Backups.ForgetAsync(storage, first.Id);

        var plan = await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 });

        var after = await BoxesAsync(storage);
        Assert.NotEmpty(plan.Repacked);
        Assert.All(after, box => Assert.Equal(before[box.Key], box.Value));
        Assert.True(after.Count < before.Count);
    }

    [Fact]
    public async Task What_may_stay_unused_and_what_may_be_repacked_are_honoured()
    {
        var storage = await Backups.NewStorageAsync();
        var first = await Backups.StoreAsync(storage, Backups.Files(1, count: 30));
        await Backups.StoreAsync(storage, Backups.Files(2, count: 30));
        await Backups.ForgetAsync(storage, first.Id);

        var lenient = await Backups.PruneAsync(storage.Copy(), new PruneOptions { UnusedPercentMax = 1000 });
        var bounded = await Backups.PruneAsync(storage.Copy(), new PruneOptions { UnusedPercentMax = 0, RepackBytesMax = 20_000 });

        Assert.True(lenient.UnusedBytesLeft > 0);
        Assert.InRange(bounded.RepackBytes, 0, 20_000);
        Assert.True(bounded.UnusedBytesLeft > 0);
    }

    [Fact]
    public async Task Many_small_packs_become_few()
    {
        var storage = await Backups.NewStorageAsync();
        var backups = new List<StoredBackup>();
        for (var seed = 1; seed <= 12; seed++)
        {
            backups.Add(await Backups.StoreAsync(storage, Backups.Files(seed)));
        }
        Assert.Equal(24, (await Backups.ListAsync(storage, FileKind.Pack)).Count);

        await Backups.PruneAsync(storage);

        Assert.Equal(2, (await Backups.ListAsync(storage, FileKind.Pack)).Count);
        Assert.Single(await Backups.ListAsync(storage, FileKind.Index));
        await Backups.AssertHoldsAsync(storage, backups);
    }

    [Fact]
    public async Task Copies_of_a_blob_collapse_into_one()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        // Two writers that began before either wrote: each stores what the other stores too.
        await using (var one = await RepositoryWriter.BeginAsync(repository, CancellationToken.None))
        await using (var two = await RepositoryWriter.BeginAsync(repository, CancellationToken.None))
        {
            foreach (var writer in new[] { one, two })
            {
                await using var intake = new Larder.Repository.Writing.ContentIntake([writer], 1);
                var root = await Backups.FeedAsync(intake, new Larder.Repository.Chunking.FixedChunker(4096), Backups.Files(1));
                await intake.CompleteAsync(CancellationToken.None);
                await Backups.CommitAsync(writer, root, Backups.Files(1));
            }
        }
        var before = await PackBytesAsync(storage);

        await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 });

        Assert.InRange(await PackBytesAsync(storage), before / 3, (before / 2) + 200);
        using var after = await Backups.OpenAsync(storage);
        Assert.True((await Backups.CheckAsync(after)).IsClean);
    }

    [Theory]
    [InlineData(FileKind.Index)]
    [InlineData(FileKind.Pack)]
    [InlineData(FileKind.Snapshot)]
    public async Task Nothing_is_removed_while_something_is_damaged(FileKind kind)
    {
        var storage = await Backups.NewStorageAsync();
        var first = await Backups.StoreAsync(storage, Backups.Files(1));
        StoredBackup[] kept = [await Backups.StoreAsync(storage, Backups.Files(2)), await Backups.StoreAsync(storage, Backups.Files(3))];
        await Backups.ForgetAsync(storage, first.Id);
        var refused = 0;
        foreach (var file in await Backups.ListAsync(storage, kind))
        {
            var damaged = storage.Copy();
            damaged.Damage(file.Key, (await damaged.ReadAllAsync(file.Key, long.MaxValue, CancellationToken.None))[..^1]);
            var before = damaged.Count;

            try
            {
                await Backups.PruneAsync(damaged);
                await Backups.AssertHoldsAsync(damaged, kept); // Nobody needed the file, and it is gone.
            }
            catch (RepositoryException)
            {
                refused++;
                Assert.Equal(before, damaged.Count);
            }
        }
        Assert.InRange(refused, kind == FileKind.Pack ? 4 : (await Backups.ListAsync(storage, kind)).Count, 6);
    }

    [Fact]
    public async Task The_listing_of_a_pack_that_is_gone_and_not_needed_is_dropped()
    {
        var storage = await Backups.NewStorageAsync();
        var first = await Backups.StoreAsync(storage, new Dictionary<string, byte[]> { ["only"] = SeededBytes.Noise(9000, 1) });
        var gone = await Backups.ListAsync(storage, FileKind.Pack);
        var second = await Backups.StoreAsync(storage, new Dictionary<string, byte[]> { ["other"] = SeededBytes.Noise(9000, 2) });
        await Backups.ForgetAsync(storage, first.Id);
        await storage.DeleteAsync(gone[0].Key, CancellationToken.None);

        Assert.Single((await Backups.PruneAsync(storage)).Vanished);
        await Backups.AssertHoldsAsync(storage, [second]);
    }

    [Fact]
    public Task Whatever_happens_to_a_repository_what_remains_comes_back() => SeededRandom.RunManyAsync(Histories, async random =>
    {
        var storage = await Backups.NewStorageAsync();
        var other = await Backups.NewStorageAsync();
        var model = new List<StoredBackup>();
        for (var step = 0; step < 14; step++)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    model.Add(await Backups.StoreAsync(storage, Backups.Files(random.Next(6), random.Next(1, 20)), level: random.Next(2)));
                    break;
                case 2 when model.Count > 0:
                    var forgotten = model[random.Next(model.Count)];
                    model.RemoveAll(backup => backup.Id == forgotten.Id);
                    await Backups.ForgetAsync(storage, forgotten.Id);
                    break;
                case 3:
                    await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = random.Next(3) * 20, RepackBytesMax = random.Next(2) == 0 ? null : 50_000 });
                    break;
                case 4:
                    using (var repository = await Backups.OpenAsync(storage))
                    {
                        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None);
                        await IndexRebuilder.ExecuteAsync(repository, heldLock, CancellationToken.None);
                    }
                    break;
                default:
                    var foreign = await Backups.StoreAsync(other, Backups.Files(random.Next(6)));
                    model.Add(foreign with { Id = await CopyAsync(other, foreign.Id, storage) });
                    break;
            }
            await Backups.AssertHoldsAsync(storage, model);
        }
    });

    [Fact]
    public async Task Two_backups_and_a_prune_at_once_harm_nobody()
    {
        using var folder = new TemporaryFolder();
        using var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(CancellationToken.None);
        (await Repository.CreateAsync(storage, Backups.Password, Backups.Options, CancellationToken.None)).Dispose();
        var kept = new System.Collections.Concurrent.ConcurrentBag<StoredBackup>();

        var writers = Enumerable.Range(0, 2).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 12; i++)
            {
                await UnlessLockedAsync(async () =>
                {
                    var backup = await Backups.StoreAsync(storage, Backups.Files((writer * 100) + i));
                    if (i % 3 == 0)
                    {
                        kept.Add(backup);
                        return;
                    }
                    await Backups.ForgetAsync(storage, backup.Id);
                });
            }
        }));
        var pruner = Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await UnlessLockedAsync(() => Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 }));
            }
        });
        await Task.WhenAll([.. writers, pruner]);

        await Backups.AssertHoldsAsync(storage, kept);
    }

    private static async Task UnlessLockedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.Locked)
        {
            // Somebody else was first; the next round tries again.
        }
    }

    private static async Task<SnapshotId> CopyAsync(MemoryStorage from, SnapshotId id, MemoryStorage to)
    {
        using var source = await Backups.OpenAsync(from);
        using var target = await Backups.OpenAsync(to);
        await using var writer = await RepositoryWriter.BeginAsync(target, CancellationToken.None);
        var snapshot = new StoredSnapshot(id, await source.LoadSnapshotAsync(id, CancellationToken.None));
        var copier = new Copier(source, await source.LoadIndexAsync(CancellationToken.None), writer, 1);
        return Assert.Single(await copier.ExecuteAsync([snapshot], _ => { }, CancellationToken.None));
    }

    private static async Task<long> PackBytesAsync(IStorage storage) => (await Backups.ListAsync(storage, FileKind.Pack)).Sum(file => file.LengthBytes);

    private static async Task<Dictionary<(BlobKind, BlobId), string>> BoxesAsync(IStorage storage)
    {
        using var repository = await Backups.OpenAsync(storage);
        var index = await repository.LoadIndexAsync(CancellationToken.None);
        var boxes = new Dictionary<(BlobKind, BlobId), string>();
        foreach (var pack in index.Packs)
        {
            var bytes = await storage.ReadAllAsync(StorageKey.Of(pack.Id), long.MaxValue, CancellationToken.None);
            foreach (var blob in pack.Blobs)
            {
                boxes[(blob.Kind, blob.Id)] = Convert.ToHexString(bytes, (int)blob.OffsetBytes, (int)blob.BoxBytes);
            }
        }
        return boxes;
    }
}
