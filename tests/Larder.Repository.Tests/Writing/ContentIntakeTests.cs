using System.Buffers;
using Larder.Repository.Chunking;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Repository.Writing;
using Larder.Testing;

namespace Larder.Repository.Tests.Writing;

public sealed class ContentIntakeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_is_stored_comes_back_at_every_compression(int level)
    {
        var storage = await Backups.NewStorageAsync();
        var backup = await Backups.StoreAsync(storage, Backups.Files(1, count: 60), level: level);

        await Backups.AssertHoldsAsync(storage, [backup]);
        Assert.Empty(await Backups.ListAsync(storage, FileKind.Lock));
    }

    [Fact]
    public async Task Local_folders_hold_the_same_promise()
    {
        using var folder = new TemporaryFolder();
        using var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(CancellationToken.None);
        (await Repository.CreateAsync(storage, Backups.Password, Backups.Options, CancellationToken.None)).Dispose();

        var first = await Backups.StoreAsync(storage, Backups.Files(1));
        var second = await Backups.StoreAsync(storage, Backups.Files(2));

        await Backups.AssertHoldsAsync(storage, [first, second]);
    }

    [Fact]
    public async Task The_same_content_adds_nothing_the_second_time()
    {
        using var repository = await Backups.OpenAsync(await Backups.NewStorageAsync());
        await Backups.StoreAsync(repository, Backups.Files(7));
        var packs = (await Backups.ListAsync(repository.Storage, FileKind.Pack)).Count;

        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        await Backups.FeedAsync(intake, repository.CreateChunker(ChunkSizes.Around(4096)), Backups.Files(7));
        await intake.CompleteAsync(CancellationToken.None);

        Assert.Equal(0, writer.Statistics.AddedBoxBytes);
        Assert.Equal(packs, (await Backups.ListAsync(repository.Storage, FileKind.Pack)).Count);
    }

    [Fact]
    public async Task A_long_stream_and_streams_cut_otherwise_share_an_intake()
    {
        using var repository = await Backups.OpenAsync(await Backups.NewStorageAsync());
        var large = SeededBytes.Noise(40 << 20, 3);
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        IChunker[] chunkers =
        [
            repository.CreateChunker(ChunkSizes.Around(64 << 10)),
            new FixedChunker(4096),
            repository.CreateChunker(ChunkSizes.Around(4 << 20)),
            new FixedChunker(8 << 20),
            repository.CreateChunker(ChunkSizes.Around(4096)),
        ];
        var pending = new List<(PendingContent Content, int Start, int Bytes)>();
        for (var i = 0; i < 40; i++)
        {
            // The lengths meet and miss the bounds of chunks and batches.
            var (start, bytes) = i == 20 ? (0, large.Length) : (i * 100_000, i * 33_333);
            using var stream = new MemoryStream(large, start, bytes);
            pending.Add((await intake.StoreAsync(stream, chunkers[i % chunkers.Length], CancellationToken.None), start, bytes));
        }
        await intake.CompleteAsync(CancellationToken.None);

        foreach (var (content, start, bytes) in pending)
        {
            var stored = await content.Completion;
            var read = new MemoryStream();
            await foreach (var plain in new Larder.Repository.Reading.BlobReader(repository, writer.Index).ReadAsync(stored.Blobs, CancellationToken.None))
            {
                read.Write(plain.Span);
            }
            Assert.Equal(bytes, stored.Bytes);
            Assert.True(large.AsSpan(start, bytes).SequenceEqual(read.ToArray()));
        }
    }

    [Fact]
    public async Task Streams_that_are_stored_at_the_same_time_come_back_each_as_it_was()
    {
        using var repository = await Backups.OpenAsync(await Backups.NewStorageAsync());
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var chunker = repository.CreateChunker(ChunkSizes.Around(64 << 10));
        var contents = Enumerable.Range(0, 9).Select(i => SeededBytes.Noise(i * 1_333_333, i + 1)).ToArray();

        var pending = await Task.WhenAll(contents.Select(
            content => Task.Run(async () => await intake.StoreAsync(new MemoryStream(content), chunker, CancellationToken.None))));
        await intake.CompleteAsync(CancellationToken.None);

        Assert.Equal(contents.Sum(content => content.Length), intake.ReadBytes);
        foreach (var (content, expected) in pending.Zip(contents))
        {
            var stored = await content.Completion;
            var read = new MemoryStream();
            await foreach (var plain in new Larder.Repository.Reading.BlobReader(repository, writer.Index).ReadAsync(stored.Blobs, CancellationToken.None))
            {
                read.Write(plain.Span);
            }
            Assert.True(expected.AsSpan().SequenceEqual(read.ToArray()));
        }
    }

    [Fact]
    public async Task One_of_two_repositories_fails_and_the_other_gets_its_backup()
    {
        var (good, bad) = (await Backups.NewStorageAsync(), await Backups.NewStorageAsync());
        using var first = await Backups.OpenAsync(new FullStorage(bad, FileKind.Pack));
        using var second = await Backups.OpenAsync(good);
        var files = Backups.Files(5);
        files["large"] = SeededBytes.Noise(90 << 20, 9); // More than every buffer of the one that fails.

        await using var failing = await RepositoryWriter.BeginAsync(first, CancellationToken.None);
        await using var writer = await RepositoryWriter.BeginAsync(second, CancellationToken.None);
        await using var intake = new ContentIntake([failing, writer], 0);
        var root = await Backups.FeedAsync(intake, second.CreateChunker(ChunkSizes.Around(1 << 20)), files);
        await intake.CompleteAsync(CancellationToken.None);
        var backup = await Backups.CommitAsync(writer, root, files);

        Assert.Equal(RepositoryError.StorageFull, Assert.IsType<RepositoryException>(failing.Failure).Error);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Backups.CommitAsync(failing, root, files));
        await Backups.AssertHoldsAsync(good, [backup]);
        await Backups.AssertHoldsAsync(bad, []);
    }

    [Fact]
    public async Task A_storage_that_fails_early_ends_a_long_stream_soon()
    {
        using var repository = await Backups.OpenAsync(new FullStorage(await Backups.NewStorageAsync(), FileKind.Pack));
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 0);
        using var endless = new EndlessNoise(bytes: long.MaxValue);

        var failure = await Assert.ThrowsAsync<RepositoryException>(async () => await intake.StoreAsync(endless, new FixedChunker(1 << 20), CancellationToken.None));

        Assert.Equal(RepositoryError.StorageFull, failure.Error);
        Assert.InRange(intake.ReadBytes, 16 << 20, 400 << 20);
    }

    [Fact]
    public async Task A_stream_that_breaks_loses_its_content_and_nothing_else()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var chunker = repository.CreateChunker(ChunkSizes.Around(4096));
        using var broken = new EndlessNoise(bytes: 3_000_000, fails: true);

        await Assert.ThrowsAsync<IOException>(async () => await intake.StoreAsync(broken, chunker, CancellationToken.None));
        var files = Backups.Files(3);
        var root = await Backups.FeedAsync(intake, chunker, files);
        await intake.CompleteAsync(CancellationToken.None);

        await Backups.AssertHoldsAsync(storage, [await Backups.CommitAsync(writer, root, files)]);
    }

    [Fact]
    public async Task An_index_that_cannot_be_stored_is_not_forgotten_by_a_second_complete()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(new FullStorage(storage, FileKind.Index));
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var files = Backups.Files(3);
        var root = await Backups.FeedAsync(intake, repository.CreateChunker(ChunkSizes.Around(4096)), files);

        await Assert.ThrowsAsync<RepositoryException>(() => intake.CompleteAsync(CancellationToken.None));
        await Assert.ThrowsAsync<RepositoryException>(() => writer.CompleteAsync(CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Backups.CommitAsync(writer, root, files));
        Assert.Empty(await Backups.ListAsync(storage, FileKind.Snapshot));
    }

    [Fact]
    public async Task Blobs_of_a_writer_that_has_not_completed_are_not_counted_on_by_another()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        await using var abandoned = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using (var intake = new ContentIntake([abandoned], 0))
        {
            var many = new Dictionary<string, byte[]> { ["large"] = SeededBytes.Noise(64 << 20, 1) };
            await Backups.FeedAsync(intake, new FixedChunker(1 << 20), many);

            // Its packs are stored, its index is not; the other one stores the same and completes.
            var backup = await Backups.StoreAsync(repository, many);
            await abandoned.DisposeAsync();
            await Backups.AssertHoldsAsync(storage, [backup]);
        }
    }

    [Fact]
    public async Task A_snapshot_comes_only_after_all_it_needs()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var root = await intake.StoreTreeAsync(new Tree([]), CancellationToken.None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Backups.CommitAsync(writer, root, new Dictionary<string, byte[]>()));
        await intake.CompleteAsync(CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Backups.CommitAsync(writer, new BlobId(Hash256.Random()), new Dictionary<string, byte[]>()));
        await Backups.CommitAsync(writer, root, new Dictionary<string, byte[]>());
        await intake.DisposeAsync();
        await intake.DisposeAsync();
        await writer.DisposeAsync();
        await writer.DisposeAsync();
        Assert.Single(await Backups.ListAsync(storage, FileKind.Snapshot));
    }

    /// <summary>A storage with no room for one kind of file.</summary>
    private sealed class FullStorage(IStorage inner, FileKind kind) : IStorage
    {
        public string Location => inner.Location;

        public TimeSpan ListingDelay => inner.ListingDelay;

        public Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken) => key.Kind == kind
            ? Task.FromException(new RepositoryException(RepositoryError.StorageFull, "There is no room.") { File = key })
            : inner.PutAsync(key, content, cancellationToken);

        public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            inner.ReadAsync(key, offset, destination, cancellationToken);

        public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) => inner.FindLengthAsync(key, cancellationToken);

        public IAsyncEnumerable<StoredFile> ListAsync(FileKind listed, CancellationToken cancellationToken) => inner.ListAsync(listed, cancellationToken);

        public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);
    }
}
