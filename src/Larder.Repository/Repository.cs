using System.Buffers;
using System.Runtime.CompilerServices;
using Larder.Repository.Chunking;
using Larder.Repository.Crypto;
using Larder.Repository.Index;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;

namespace Larder.Repository;

/// <summary>
/// An opened repository: its storage, its master key and, once loaded, its index. Reading needs nothing more; writing needs a
/// <see cref="RepositoryLock"/>, and whoever holds a <see cref="RepositoryWriter"/> holds one.
/// </summary>
public sealed class Repository : IDisposable
{
    // Key, config, lock and snapshot files are hundreds of bytes; a megabyte is generous, and bounds what nonsense can cost.
    internal const int SmallFileBytesMax = 1 << 20;

    // restic keeps index files below 8 MiB and reads them whole; other writers may be less careful.
    private const int IndexFileBytesMax = 256 << 20;

    // As many as restic tries by default; each try costs a scrypt.
    private const int KeysTriedMax = 20;

    private readonly SemaphoreSlim indexLoading = new(1);
    private MasterIndex? index;

    private Repository(IStorage storage, RepositoryConfig config, RepositoryKey key, KeyId keyId, RepositoryOptions options)
    {
        Storage = storage;
        Config = config;
        Key = key;
        KeyId = keyId;
        Options = options;
    }

    public IStorage Storage { get; }

    public RepositoryConfig Config { get; }

    public RepositoryOptions Options { get; }

    /// <summary>The key file that the password opened.</summary>
    public KeyId KeyId { get; }

    public string Location => Storage.Location;

    internal RepositoryKey Key { get; }

    /// <summary>Creates a repository of the newest version and opens it.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryError.AlreadyExists"/> where there is one.</exception>
    public static async Task<Repository> CreateAsync(
        IStorage storage, string password, RepositoryOptions options, CancellationToken cancellationToken)
    {
        if (await storage.FindLengthAsync(StorageKey.Config, cancellationToken) is not null)
        {
            throw new RepositoryException(RepositoryError.AlreadyExists, $"there is a repository at {storage.Location} already")
            {
                Location = storage.Location,
            };
        }

        var key = RepositoryKey.Generate();
        try
        {
            var config = RepositoryConfig.Create();
            var keyId = await KeyRing.StoreAsync(storage, key, password, options, cancellationToken);

            // Written last: without it there is no repository, and a second try starts afresh.
            var box = UnpackedFile.EncodeRaw(key, config.Encode());
            await storage.PutAsync(StorageKey.Config, new ReadOnlySequence<byte>(box), cancellationToken);
            return new Repository(storage, config, key, keyId, options);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Opens a repository of version 1 or 2.</summary>
    /// <exception cref="RepositoryException">
    /// <see cref="RepositoryError.NoRepository"/>, <see cref="RepositoryError.WrongPassword"/>, <see cref="RepositoryError.Unsupported"/>,
    /// <see cref="RepositoryError.Damaged"/>.
    /// </exception>
    public static async Task<Repository> OpenAsync(
        IStorage storage, string password, RepositoryOptions options, CancellationToken cancellationToken)
    {
        if (await storage.FindLengthAsync(StorageKey.Config, cancellationToken) is null)
        {
            throw new RepositoryException(RepositoryError.NoRepository, $"there is no repository at {storage.Location}")
            {
                Location = storage.Location,
            };
        }
        var configBox = await storage.ReadAllAsync(StorageKey.Config, SmallFileBytesMax, cancellationToken);

        RepositoryException? damage = null;
        var tried = 0;
        await foreach (var file in storage.ListAsync(FileKind.Key, cancellationToken))
        {
            if (++tried > KeysTriedMax)
            {
                break;
            }
            RepositoryKey? key;
            try
            {
                key = await KeyRing.TryOpenAsync(storage, new KeyId(file.Key.Name), password, cancellationToken);
            }
            catch (RepositoryException e)
                when (e.Error is RepositoryError.Damaged or RepositoryError.FileMissing or RepositoryError.Unsupported)
            {
                damage = e; // Another key file may still open it.
                continue;
            }
            if (key is null)
            {
                continue;
            }
            try
            {
                // A creation that was cut short leaves a key that opens, but not this config.
                var config = RepositoryConfig.Open(key, configBox, storage.Location);
                return new Repository(storage, config, key, new KeyId(file.Key.Name), options);
            }
            catch (RepositoryException e) when (e.Error == RepositoryError.Damaged)
            {
                key.Dispose();
                damage ??= e;
            }
            catch
            {
                key.Dispose();
                throw;
            }
        }
        throw damage ?? new RepositoryException(
            RepositoryError.WrongPassword, $"no key of the repository at {storage.Location} opens with this password")
        {
            Location = storage.Location,
        };
    }

    /// <summary>
    /// A chunker by content, keyed by this repository's master key, so that the sizes of chunks tell an outsider nothing.
    /// </summary>
    public IChunker CreateChunker(ChunkSizes sizes) => new ContentChunker(ChunkerKeys.Derive(Key), sizes);

    /// <summary>All index files, read once and kept. Load after taking a lock: what a lock keeps from being pruned is then in it.</summary>
    public async Task<MasterIndex> LoadIndexAsync(CancellationToken cancellationToken)
    {
        await indexLoading.WaitAsync(cancellationToken);
        try
        {
            return index ??= await ReadIndexAsync(_ => { }, cancellationToken);
        }
        finally
        {
            indexLoading.Release();
        }
    }

    /// <summary>Another view of the index than one that proved outdated: read afresh, unless somebody else just did that.</summary>
    internal async Task<MasterIndex> ReloadIndexAsync(MasterIndex outdated, CancellationToken cancellationToken)
    {
        await indexLoading.WaitAsync(cancellationToken);
        try
        {
            return index is { } newer && newer != outdated ? newer : index = await ReadIndexAsync(_ => { }, cancellationToken);
        }
        finally
        {
            indexLoading.Release();
        }
    }

    /// <summary>Reads all index files afresh.</summary>
    /// <param name="damaged">Called for a file that cannot be read; rethrow in it to stop.</param>
    internal async Task<MasterIndex> ReadIndexAsync(Action<RepositoryException> damaged, CancellationToken cancellationToken)
    {
        var master = new MasterIndex();
        var failures = new List<RepositoryException>();
        var parallel = new ParallelOptions
        {
            CancellationToken = cancellationToken,
            MaxDegreeOfParallelism = Math.Min(Environment.ProcessorCount, 4),
        };
        await Parallel.ForEachAsync(Storage.ListAsync(FileKind.Index, cancellationToken), parallel, async (file, token) =>
        {
            try
            {
                var json = await ReadUnpackedAsync(file.Key, IndexFileBytesMax, token);
                Within(file.Key, () => IndexFile.Decode(json, master));
            }
            catch (RepositoryException e) when (e.Error is RepositoryError.Damaged or RepositoryError.FileMissing)
            {
                lock (failures)
                {
                    failures.Add(e);
                }
            }
        });
        failures.ForEach(damaged);
        return master;
    }

    /// <summary>The packs that one index file names.</summary>
    internal async Task<IReadOnlyList<IndexedPack>> ReadIndexFileAsync(StorageKey file, CancellationToken cancellationToken)
    {
        var packs = new List<IndexedPack>();
        var json = await ReadUnpackedAsync(file, IndexFileBytesMax, cancellationToken);
        Within(file, () => IndexFile.Decode(json, (id, blobs) => packs.Add(new IndexedPack(id, blobs))));
        return packs;
    }

    /// <summary>Forgets the loaded index, so that the next use reads what others wrote meanwhile.</summary>
    public void DropIndex() => index = null;

    /// <summary>Keeps an index that is as new as the storage, in place of reading it again.</summary>
    internal void KeepIndex(MasterIndex newest) => index = newest;

    /// <summary>All snapshots, in no order. One that cannot be read is handed to <paramref name="damaged"/>.</summary>
    public async IAsyncEnumerable<StoredSnapshot> ListSnapshotsAsync(
        Action<RepositoryException> damaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in Storage.ListAsync(FileKind.Snapshot, cancellationToken))
        {
            Snapshot? snapshot = null;
            try
            {
                snapshot = await LoadSnapshotAsync(new SnapshotId(file.Key.Name), cancellationToken);
            }
            catch (RepositoryException e) when (e.Error is RepositoryError.Damaged or RepositoryError.FileMissing)
            {
                damaged(e);
            }
            if (snapshot is not null)
            {
                yield return new StoredSnapshot(new SnapshotId(file.Key.Name), snapshot);
            }
        }
    }

    public async Task<Snapshot> LoadSnapshotAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        var json = await ReadUnpackedAsync(StorageKey.Of(id), SmallFileBytesMax, cancellationToken);
        Snapshot? snapshot = null;
        Within(StorageKey.Of(id), () => snapshot = SnapshotFile.Decode(json));
        return snapshot!;
    }

    /// <summary>
    /// Reads, checks and opens an unpacked file. A file that is not what its name says is read once more before it counts as damaged.
    /// </summary>
    internal async Task<byte[]> ReadUnpackedAsync(StorageKey file, int bytesMax, CancellationToken cancellationToken)
    {
        var box = await Storage.ReadAllAsync(file, bytesMax, cancellationToken);
        if (Hash256.Of(box) != file.Name)
        {
            box = await Storage.ReadAllAsync(file, bytesMax, cancellationToken);
        }
        if (Hash256.Of(box) != file.Name)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"{file} in {Location} is damaged: its bytes are not what its name says")
            {
                File = file,
                Location = Location,
            };
        }
        byte[]? json = null;
        Within(file, () => json = UnpackedFile.Decode(Key, box, bytesMax));
        return json!;
    }

    /// <summary>Seals and stores an unpacked file under the hash of its bytes.</summary>
    internal async Task<StorageKey> StoreUnpackedAsync(FileKind kind, byte[] json, CancellationToken cancellationToken)
    {
        var (file, box) = SealUnpacked(kind, json);
        await Storage.PutAsync(file, box, cancellationToken);
        return file;
    }

    /// <summary>The name and the bytes of an unpacked file that is still to be stored.</summary>
    internal (StorageKey File, ReadOnlySequence<byte> Box) SealUnpacked(FileKind kind, byte[] json)
    {
        var box = UnpackedFile.Encode(Key, json, Config.Version);
        return (new StorageKey(kind, Hash256.Of(box)), new ReadOnlySequence<byte>(box));
    }

    public void Dispose()
    {
        Key.Dispose();
        indexLoading.Dispose();
    }

    /// <summary>Adds to a failure which file it is about: who decodes bytes does not know where they came from.</summary>
    private void Within(StorageKey file, Action decode)
    {
        try
        {
            decode();
        }
        catch (RepositoryException e) when (e.File is null)
        {
            throw new RepositoryException(e.Error, $"{file} in {Location} is damaged: {e.Message}", e) { File = file, Location = Location };
        }
    }
}

/// <summary>A snapshot and the name of its file.</summary>
public sealed record StoredSnapshot(SnapshotId Id, Snapshot Snapshot);
