using System.Buffers;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

/// <summary>What every storage promises. A storage passes it by deriving a class.</summary>
public abstract class StorageContract : IAsyncLifetime
{
    private static readonly FileKind[] NamedKinds = [FileKind.Key, FileKind.Lock, FileKind.Snapshot, FileKind.Index, FileKind.Pack];

    private IStorage? storage;

    protected IStorage Storage => storage ?? throw new InvalidOperationException("The test has not begun.");

    public static TheoryData<FileKind> Kinds => [.. NamedKinds];

    protected static CancellationToken None => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => storage = await CreateAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_file_reads_back_as_it_was_put(FileKind kind)
    {
        var bytes = Bytes(70_001);
        var key = KeyOf(kind, bytes);

        await Storage.PutAsync(key, new ReadOnlySequence<byte>(bytes), None);

        Assert.Equal(bytes, await Storage.ReadAllAsync(key, 1 << 20, None));
        Assert.Equal(bytes.Length, await Storage.FindLengthAsync(key, None));
        Assert.Equal([new StoredFile(key, bytes.Length)], await ListAsync(kind));
        foreach (var other in NamedKinds.Where(other => other != kind))
        {
            Assert.Empty(await ListAsync(other));
            Assert.Null(await Storage.FindLengthAsync(new StorageKey(other, key.Name), None));
        }
    }

    [Fact]
    public async Task Config_is_kept_once_and_never_replaced()
    {
        Assert.Null(await Storage.FindLengthAsync(StorageKey.Config, None));
        Assert.Empty(await ListAsync(FileKind.Config));
        var bytes = Bytes(155);

        await PutAsync(StorageKey.Config, bytes);

        foreach (var again in new[] { bytes, Bytes(155, seed: 9), Bytes(12) })
        {
            var failure = await Assert.ThrowsAsync<RepositoryException>(() => PutAsync(StorageKey.Config, again));
            Assert.Equal(RepositoryError.AlreadyExists, failure.Error);
            Assert.Equal(StorageKey.Config, failure.File);
        }
        Assert.Equal(bytes, await Storage.ReadAllAsync(StorageKey.Config, 1 << 10, None));
        Assert.Equal([new StoredFile(StorageKey.Config, 155)], await ListAsync(FileKind.Config));
    }

    [Fact]
    public async Task Any_range_reads_what_lies_there_and_stops_at_the_end()
    {
        var bytes = Bytes(10_000);
        var key = await PutPackAsync(bytes);
        var random = new Random(SeededRandom.SeedFor(nameof(Any_range_reads_what_lies_there_and_stops_at_the_end)));

        for (var i = 0; i < 200; i++)
        {
            var offset = random.Next(0, 11_000);
            var length = random.Next(0, 3_000);
            var destination = new byte[length + 1];
            destination[length] = 0xA5;

            var read = await Storage.ReadAsync(key, offset, destination.AsMemory(0, length), None);

            var expected = bytes.AsSpan(Math.Min(offset, bytes.Length), Math.Clamp(bytes.Length - offset, 0, length));
            Assert.Equal(expected.Length, read);
            Assert.True(expected.SequenceEqual(destination.AsSpan(0, read)), $"wrong bytes at {offset}, {length} long");
            Assert.Equal(0xA5, destination[length]);
        }
        Assert.Equal(0, await Storage.ReadAsync(key, 10_000, new byte[10], None));
        Assert.Equal(0, await Storage.ReadAsync(key, 1L << 40, new byte[10], None));
        await Assert.ThrowsAnyAsync<ArgumentOutOfRangeException>(() => Storage.ReadAsync(key, -1, new byte[10], None));
    }

    [Fact]
    public async Task What_is_missing_is_said_to_be_missing()
    {
        foreach (var kind in NamedKinds)
        {
            var key = KeyOf(kind, [1, 2, 3]);
            Assert.Null(await Storage.FindLengthAsync(key, None));
            var failure = await Assert.ThrowsAsync<RepositoryException>(() => Storage.ReadAsync(key, 0, new byte[1], None));
            Assert.Equal(RepositoryError.FileMissing, failure.Error);
            Assert.Equal(key, failure.File);
            Assert.False(failure.IsTransient);
            Assert.Contains(Storage.Location, failure.Message, StringComparison.Ordinal);
            Assert.Empty(await ListAsync(kind));
        }
    }

    [Fact]
    public async Task A_deleted_file_is_gone_for_every_call_and_may_be_deleted_and_put_again()
    {
        foreach (var kind in NamedKinds)
        {
            var bytes = Bytes(1_000);
            var key = KeyOf(kind, bytes);
            await PutAsync(key, bytes);
            Assert.Equal(1_000, await Storage.ReadAsync(key, 0, new byte[2_000], None));

            await Storage.DeleteAsync(key, None);
            await Storage.DeleteAsync(key, None);

            Assert.Null(await Storage.FindLengthAsync(key, None));
            Assert.Empty(await ListAsync(kind));
            var failure = await Assert.ThrowsAsync<RepositoryException>(() => Storage.ReadAsync(key, 0, new byte[1], None));
            Assert.Equal(RepositoryError.FileMissing, failure.Error);

            await PutAsync(key, bytes);
            Assert.Equal(bytes, await Storage.ReadAllAsync(key, 1 << 20, None));
        }
    }

    [Fact]
    public async Task A_put_is_harmless_when_repeated_and_never_overwrites()
    {
        var bytes = Bytes(5_000);
        var key = await PutPackAsync(bytes);

        await PutAsync(key, bytes);
        await PutAsync(key, Bytes(5_000, seed: 77)); // The name vouches for the content: what is stored stays.
        var failure = await Assert.ThrowsAsync<RepositoryException>(() => PutAsync(key, Bytes(5_001)));

        Assert.Equal(RepositoryError.AlreadyExists, failure.Error);
        Assert.Equal(key, failure.File);
        Assert.Equal(bytes, await Storage.ReadAllAsync(key, 1 << 20, None));
        Assert.Equal([new StoredFile(key, 5_000)], await ListAsync(FileKind.Pack));
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        var key = KeyOf(FileKind.Index, []);

        await Storage.PutAsync(key, ReadOnlySequence<byte>.Empty, None);

        Assert.Equal(0, await Storage.FindLengthAsync(key, None));
        Assert.Equal(0, await Storage.ReadAsync(key, 0, new byte[8], None));
        Assert.Equal([new StoredFile(key, 0)], await ListAsync(FileKind.Index));
    }

    [Fact]
    public async Task A_large_file_in_many_segments_keeps_every_byte_in_place()
    {
        var bytes = Bytes(40 << 20);
        var key = KeyOf(FileKind.Pack, bytes);
        var random = new Random(SeededRandom.SeedFor(nameof(A_large_file_in_many_segments_keeps_every_byte_in_place)));

        // Segments of 0 bytes to 1 MiB, and one longer than any single write.
        var content = Segments.Cut(bytes, () => random.Next(100) == 0 ? 9 << 20 : random.Next(random.Next(1 << 20) + 1));
        await Storage.PutAsync(key, content, None);

        var read = await Storage.ReadAllAsync(key, 64 << 20, None);
        Assert.Equal(Hash256.Of(bytes), Hash256.Of(read));
    }

    [Fact]
    public async Task Files_put_in_parallel_are_all_there()
    {
        var contents = Enumerable.Range(0, 120).Select(i => Bytes(1_000 + i, seed: i)).ToList();

        // Each twice at once, as two writers that found the same would.
        await Parallel.ForEachAsync(contents.Concat(contents), None, async (bytes, token) =>
            await Storage.PutAsync(KeyOf(FileKind.Pack, bytes), new ReadOnlySequence<byte>(bytes), token));

        await Parallel.ForEachAsync(contents.Concat(contents), None, async (bytes, token) =>
            Assert.Equal(bytes, await Storage.ReadAllAsync(KeyOf(FileKind.Pack, bytes), 1 << 20, token)));
        var expected = contents.Select(bytes => new StoredFile(KeyOf(FileKind.Pack, bytes), bytes.Length)).OrderBy(file => file.Key.Name);
        Assert.Equal(expected, (await ListAsync(FileKind.Pack)).OrderBy(file => file.Key.Name));
    }

    [Fact]
    public async Task One_file_read_by_many_while_others_come_and_go_stays_right()
    {
        var bytes = Bytes(300_000);
        var key = await PutPackAsync(bytes);

        await Parallel.ForAsync(0, 200, None, async (i, token) =>
        {
            var passing = Bytes(100, seed: 1_000 + i);
            var passingKey = KeyOf(FileKind.Pack, passing);
            await Storage.PutAsync(passingKey, new ReadOnlySequence<byte>(passing), token);
            var destination = new byte[700];
            Assert.Equal(700, await Storage.ReadAsync(key, i * 700, destination, token));
            Assert.True(destination.AsSpan().SequenceEqual(bytes.AsSpan(i * 700, 700)));
            Assert.Equal(100, await Storage.ReadAsync(passingKey, 0, destination, token));
            await Storage.DeleteAsync(passingKey, token);
        });

        Assert.Equal([new StoredFile(key, bytes.Length)], await ListAsync(FileKind.Pack));
    }

    [Fact]
    public async Task A_put_that_was_cancelled_leaves_all_or_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var bytes = Bytes(1_000);
        var key = KeyOf(FileKind.Pack, bytes);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Storage.PutAsync(key, new ReadOnlySequence<byte>(bytes), cancelled.Token));
        Assert.Null(await Storage.FindLengthAsync(key, None));

        // Cancelled while the content is being read, when half of it is out.
        var large = Bytes(20 << 20);
        var largeKey = KeyOf(FileKind.Pack, large);
        using var midway = new CancellationTokenSource();
        var content = Segments.WithSignal(large, 12 << 20, midway.Cancel);
        try
        {
            await Storage.PutAsync(largeKey, content, midway.Token);
            Assert.Equal(large, await Storage.ReadAllAsync(largeKey, 64 << 20, None));
        }
        catch (OperationCanceledException)
        {
            Assert.Null(await Storage.FindLengthAsync(largeKey, None));
            Assert.Empty(await ListAsync(FileKind.Pack));
        }
        Assert.True(midway.IsCancellationRequested, "The content was never read as far as the signal.");
    }

    [Fact]
    public async Task A_put_whose_content_breaks_off_leaves_nothing()
    {
        var bytes = Bytes(20 << 20);
        var key = KeyOf(FileKind.Pack, bytes);
        var broken = new RepositoryException(RepositoryError.StorageFailed, "The content broke off.");

        var failure = await Assert.ThrowsAsync<RepositoryException>(() =>
            Storage.PutAsync(key, Segments.WithSignal(bytes, 18 << 20, () => throw broken), None));

        Assert.Same(broken, failure);
        Assert.Null(await Storage.FindLengthAsync(key, None));
        Assert.Empty(await ListAsync(FileKind.Pack));
        await PutAsync(key, bytes);
        Assert.Equal(bytes.Length, await Storage.FindLengthAsync(key, None));
    }

    [Fact]
    public async Task A_cancelled_call_says_that_it_was_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var key = await PutPackAsync(Bytes(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Storage.ReadAsync(key, 0, new byte[10], cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Storage.FindLengthAsync(key, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Storage.DeleteAsync(key, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Storage.ListAsync(FileKind.Pack, cancelled.Token))
            {
            }
        });
        Assert.Equal(100, await Storage.FindLengthAsync(key, None));
    }

    [Fact]
    public async Task A_listing_may_be_left_early_and_deleted_from_on_the_way()
    {
        // More than a local listing holds at once.
        await Parallel.ForAsync(0, 520, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = None }, async (i, _) =>
            await PutAsync(KeyOf(FileKind.Lock, Bytes(10, seed: i)), Bytes(10, seed: i)));

        await foreach (var _ in Storage.ListAsync(FileKind.Lock, None))
        {
            break;
        }
        var deleted = 0;
        await foreach (var file in Storage.ListAsync(FileKind.Lock, None))
        {
            await Storage.DeleteAsync(file.Key, None);
            deleted++;
        }

        Assert.Equal(520, deleted);
        Assert.Empty(await ListAsync(FileKind.Lock));
    }

    /// <summary>An empty storage for one test.</summary>
    protected abstract Task<IStorage> CreateAsync();

    protected static StorageKey KeyOf(FileKind kind, byte[] bytes) => new(kind, Hash256.Of(bytes));

    protected static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected async Task<StorageKey> PutPackAsync(byte[] bytes)
    {
        var key = KeyOf(FileKind.Pack, bytes);
        await PutAsync(key, bytes);
        return key;
    }

    protected Task PutAsync(StorageKey key, byte[] bytes) => Storage.PutAsync(key, new ReadOnlySequence<byte>(bytes), None);

    protected async Task<List<StoredFile>> ListAsync(FileKind kind)
    {
        var files = new List<StoredFile>();
        await foreach (var file in Storage.ListAsync(kind, None))
        {
            files.Add(file);
        }
        return files;
    }
}
