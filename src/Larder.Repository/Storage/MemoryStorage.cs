using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Larder.Repository.Storage;

/// <summary>Keeps files in memory, with the whole contract except that they do not outlive the process.</summary>
public sealed class MemoryStorage : IStorage
{
    private readonly ConcurrentDictionary<StorageKey, byte[]> files = new();

    public MemoryStorage(string name = "memory") => Location = name;

    public string Location { get; }

    public TimeSpan ListingDelay => TimeSpan.Zero;

    /// <summary>How many files there are.</summary>
    public int Count => files.Count;

    /// <summary>A storage with the same files that then goes its own way; the bytes are shared, as they never change.</summary>
    public MemoryStorage Copy()
    {
        var copy = new MemoryStorage(Location);
        foreach (var (key, bytes) in files)
        {
            copy.files[key] = bytes;
        }
        return copy;
    }

    /// <summary>Stores bytes under a name whatever was there before, as a failing disk would.</summary>
    public void Damage(StorageKey key, byte[] bytes) => files[Normal(key)] = bytes;

    public Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        key = Normal(key);
        if (!files.ContainsKey(key) && files.TryAdd(key, content.ToArray()))
        {
            return Task.CompletedTask;
        }
        // A delete between the two looks leaves nothing stored; then the put simply comes after it.
        if (!files.TryGetValue(key, out var stored))
        {
            return PutAsync(key, content, cancellationToken);
        }
        if (key.Kind == FileKind.Config)
        {
            throw LocalFailure.Exists(key, Location, "");
        }
        return stored.Length == content.Length
            ? Task.CompletedTask
            : throw LocalFailure.Exists(key, Location, $" with {stored.Length} bytes instead of {content.Length}");
    }

    public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        if (!files.TryGetValue(Normal(key), out var stored))
        {
            throw LocalFailure.Missing(key, Location);
        }
        var count = (int)Math.Clamp(stored.Length - offset, 0, destination.Length);
        if (count > 0)
        {
            stored.AsSpan((int)offset, count).CopyTo(destination.Span);
        }
        return Task.FromResult(count);
    }

    public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(files.TryGetValue(Normal(key), out var stored) ? stored.Length : (long?)null);
    }

    public async IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var (key, bytes) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (key.Kind == kind)
            {
                yield return new StoredFile(key, bytes.Length);
            }
        }
    }

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        files.TryRemove(Normal(key), out _);
        return Task.CompletedTask;
    }

    private static StorageKey Normal(StorageKey key) => key.Kind == FileKind.Config ? StorageKey.Config : key;
}
