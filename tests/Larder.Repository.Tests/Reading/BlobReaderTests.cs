using Larder.Repository.Chunking;
using Larder.Repository.Index;
using Larder.Repository.Maintenance;
using Larder.Repository.Reading;
using Larder.Repository.Storage;
using Larder.Repository.Writing;

namespace Larder.Repository.Tests.Reading;

public sealed class BlobReaderTests
{
    [Fact]
    public async Task A_reader_that_was_open_before_a_prune_finds_what_was_moved()
    {
        var storage = await Backups.NewStorageAsync();
        var forgotten = await Backups.StoreAsync(storage, Backups.Files(1));
        var kept = await Backups.StoreAsync(storage, Backups.Files(2));
        using var reader = await Backups.OpenAsync(storage);
        await reader.LoadIndexAsync(CancellationToken.None);

        await Backups.ForgetAsync(storage, forgotten.Id);
        Assert.NotEmpty((await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 })).Repacked);

        Backups.AssertSame(kept.Files, await Backups.RestoreAsync(reader, kept.Id));
    }

    [Fact]
    public async Task A_reader_finds_what_was_added_after_it_opened()
    {
        var storage = await Backups.NewStorageAsync();
        using var reader = await Backups.OpenAsync(storage);
        await reader.LoadIndexAsync(CancellationToken.None);
        var later = await Backups.StoreAsync(storage, Backups.Files(2));

        Backups.AssertSame(later.Files, await Backups.RestoreAsync(reader, later.Id));
    }

    [Fact]
    public async Task Stopping_early_is_no_failure_and_leaves_nothing_running()
    {
        var (repository, ids) = await StoreAsync(bytes: 40 << 20);
        using var opened = repository;
        var index = await repository.LoadIndexAsync(CancellationToken.None);
        for (var stopAfter = 0; stopAfter < 60; stopAfter++)
        {
            var read = 0;
            await foreach (var plain in new BlobReader(repository, index).ReadAsync(ids, CancellationToken.None))
            {
                Assert.Equal(ids[read], new BlobId(Hash256.Of(plain.Span)));
                if (++read > stopAfter)
                {
                    break;
                }
            }
            Assert.Equal(stopAfter + 1, read);
        }
    }

    [Fact]
    public async Task What_comes_before_a_missing_blob_is_handed_out_first()
    {
        var (repository, ids) = await StoreAsync(bytes: 1 << 20);
        using var opened = repository;
        var reader = new BlobReader(repository, await repository.LoadIndexAsync(CancellationToken.None));
        var read = 0;
        var failure = await Assert.ThrowsAsync<RepositoryException>(async () =>
        {
            await foreach (var _ in reader.ReadAsync([.. ids, new BlobId(Hash256.Random())], CancellationToken.None))
            {
                read++;
            }
        });

        Assert.Equal(RepositoryError.BlobMissing, failure.Error);
        Assert.Equal(ids.Count, read);
    }

    [Fact]
    public async Task Lengths_that_no_blob_has_are_refused_before_memory_is_taken()
    {
        var (repository, ids) = await StoreAsync(bytes: 1 << 20);
        using var opened = repository;
        var pack = new PackId(Hash256.Random());
        var index = new MasterIndex();
        index.AddPack(pack, [new PackedBlob(BlobKind.Data, ids[0], 0, 1000, uint.MaxValue, IsCompressed: true)]);
        index.AddPack(new PackId(Hash256.Random()), [new PackedBlob(BlobKind.Data, ids[1], 0, 3_000_000_000, 3_000_000_000 - 32, IsCompressed: false)]);
        var reader = BlobReader.Strict(repository, index);
        var before = GC.GetTotalAllocatedBytes();

        foreach (var id in ids.Take(2))
        {
            Assert.Equal(RepositoryError.Damaged, (await Assert.ThrowsAsync<RepositoryException>(() => reader.ReadOneAsync(BlobKind.Data, id, CancellationToken.None))).Error);
            Assert.Equal(RepositoryError.Damaged, (await Assert.ThrowsAsync<RepositoryException>(async () =>
            {
                await foreach (var _ in reader.ReadAsync([id], CancellationToken.None))
                {
                    Assert.Fail("It was handed out.");
                }
            })).Error);
        }
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 50_000_000);
    }

    [Fact]
    public async Task A_damaged_copy_is_read_from_another_pack()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        var files = Backups.Files(1);
        StoredBackup backup;
        await using (var one = await RepositoryWriter.BeginAsync(repository, CancellationToken.None))
        await using (var two = await RepositoryWriter.BeginAsync(repository, CancellationToken.None))
        {
            backup = await WriteAsync(one, files);
            await WriteAsync(two, files);
        }
        var packs = await Backups.ListAsync(storage, FileKind.Pack);
        foreach (var pack in packs)
        {
            var damaged = storage.Copy();
            var bytes = await damaged.ReadAllAsync(pack.Key, long.MaxValue, CancellationToken.None);
            bytes.AsSpan().Clear();
            damaged.Damage(pack.Key, bytes);
            using var opened = await Backups.OpenAsync(damaged);

            Backups.AssertSame(backup.Files, await Backups.RestoreAsync(opened, backup.Id));
            var report = await Backups.CheckAsync(opened);
            Assert.Contains(report.Damages, damage => damage.File == pack.Key);
            Assert.All(report.Damages, damage => Assert.Empty(damage.Snapshots));
        }
    }

    private static async Task<StoredBackup> WriteAsync(RepositoryWriter writer, Dictionary<string, byte[]> files)
    {
        await using var intake = new ContentIntake([writer], 1);
        var root = await Backups.FeedAsync(intake, new FixedChunker(4096), files);
        await intake.CompleteAsync(CancellationToken.None);
        return await Backups.CommitAsync(writer, root, files);
    }

    private static async Task<(Repository Repository, IReadOnlyList<BlobId> Ids)> StoreAsync(int bytes)
    {
        var repository = await Backups.OpenAsync(await Backups.NewStorageAsync());
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 0);
        using var stream = new MemoryStream(SeededBytes.Noise(bytes, 1));
        var content = await intake.StoreAsync(stream, new FixedChunker(256 << 10), CancellationToken.None);
        await intake.CompleteAsync(CancellationToken.None);
        return (repository, (await content.Completion).Blobs);
    }
}
