using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Repository.Writing;

namespace Larder.Repository;

/// <summary>
/// Adds to one repository: packs first, then index files, the snapshot last. It exists only while a lock is held, and stops when the lock
/// is lost. Blobs come from a <see cref="ContentIntake"/>, which may feed several writers at once. A failure of the storage is kept in
/// <see cref="Failure"/>: the writer then takes nothing more, and its repository has unreferenced packs and nothing else.
/// </summary>
public sealed class RepositoryWriter : IAsyncDisposable
{
    // Two uploads hide the latency of a disk's fsync or of a network; each holds one pack of 16 MiB.
    private const int UploadsMax = 2;

    // The JSON of so many blobs, 1.5 MB, and what it becomes on the way to the storage are large objects.
    private const int LargeIndexBlobs = 10_000;

    private readonly BufferPool<byte[]> packBuffers;
    private readonly SemaphoreSlim uploadSlots = new(UploadsMax);
    private readonly SemaphoreSlim indexGate = new(1);
    private readonly Lock gate = new();
    private readonly HashSet<BlobId>[] claimed = [[], []];
    private readonly List<Task> uploads = [];
    private readonly List<PackBuilder> partial = [];
    private readonly CancellationTokenSource stopping = new();
    private List<IndexedPack> unindexed = [];
    private int unindexedBlobs;
    private bool isComplete;
    private int disposed;
    private Exception? failure;
    private WriterStatistics statistics = new();

    private RepositoryWriter(Repository repository, RepositoryLock heldLock, MasterIndex index, int workers)
    {
        Repository = repository;
        Lock = heldLock;
        Index = index;
        // One open pack per worker and two being uploaded; where a pack of trees is open as well, it takes the place of the second upload.
        // So 2 + 2 packs of 16 MiB are 64 MiB at most on two cores, and whoever waits for a buffer waits for an upload that goes on.
        packBuffers = new BufferPool<byte[]>(workers + UploadsMax, () => GC.AllocateUninitializedArray<byte>(PackBuilder.TargetBytes));
    }

    public Repository Repository { get; }

    public RepositoryLock Lock { get; }

    public MasterIndex Index { get; }

    /// <summary>Why this writer stopped; null while all is well.</summary>
    public Exception? Failure => Volatile.Read(ref failure);

    public WriterStatistics Statistics
    {
        get
        {
            lock (gate)
            {
                return statistics;
            }
        }
    }

    /// <summary>Takes a shared lock, loads the index and begins.</summary>
    public static async Task<RepositoryWriter> BeginAsync(Repository repository, CancellationToken cancellationToken)
    {
        var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Shared, cancellationToken);
        try
        {
            // Read under the lock: a prune that ran before may have moved blobs that an older view still names. And its own: blobs are in
            // it before an index file names them, and nobody else may build on those.
            repository.DropIndex();
            var index = await repository.ReadIndexAsync(_ => { }, cancellationToken);
            return new RepositoryWriter(repository, heldLock, index, ContentIntake.WorkerCount);
        }
        catch
        {
            await heldLock.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether a blob is new here. The first who asks gets true and must add it; everybody after gets false.</summary>
    internal bool Claim(BlobKind kind, BlobId id)
    {
        lock (gate)
        {
            var isNew = !claimed[(int)kind].Contains(id) && !Index.Contains(kind, id) && claimed[(int)kind].Add(id);
            isComplete &= !isNew;
            return isNew;
        }
    }

    internal async ValueTask<PackBuilder> OpenPackAsync(int boxBytes, CancellationToken cancellationToken)
    {
        if (boxBytes > PackBuilder.TargetBytes)
        {
            return new PackBuilder(new byte[boxBytes]); // A huge directory listing gets a pack of its own.
        }

        // A writer that failed gives no buffer back: who waits for one must be let go.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping.Token);
        return new PackBuilder(await packBuffers.RentAsync(either.Token));
    }

    /// <summary>Hands a full pack to the uploads; returns at once.</summary>
    internal void Upload(PackBuilder pack)
    {
        lock (gate)
        {
            uploads.RemoveAll(upload => upload.IsCompletedSuccessfully);
            uploads.Add(Task.Run(() => UploadAsync(pack)));
        }
    }

    /// <summary>Takes a pack that is not full; <see cref="CompleteAsync"/> joins such packs before it uploads them.</summary>
    internal void TakePartial(PackBuilder pack)
    {
        lock (gate)
        {
            partial.Add(pack);
        }
    }

    /// <summary>Lets go of pack buffers that nobody fills or uploads.</summary>
    internal void TrimBuffers() => packBuffers.Trim();

    internal void CountBlob(BlobKind kind, int plainBytes, int boxBytes)
    {
        lock (gate)
        {
            statistics = statistics.With(kind, plainBytes, boxBytes);
        }
    }

    /// <summary>Gives this repository up: nothing more is written to it, and what was written stays unreferenced.</summary>
    public void Fail(Exception exception)
    {
        Interlocked.CompareExchange(ref failure, exception, null);
        if (Volatile.Read(ref disposed) == 0)
        {
            stopping.Cancel();
        }
    }

    /// <summary>
    /// When it completes, every blob that was added is durable and indexed. A writer that could not complete has failed for good.
    /// </summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        try
        {
            await Task.WhenAll(UploadPartialPacks()).WaitAsync(cancellationToken);
            ThrowIfFailed();
            TrimBuffers();
            Collect(); // The last index file is made in the room of the packs, which are all stored.
            await SaveIndexAsync(cancellationToken);
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
        isComplete = true;
        Repository.KeepIndex(Index);
    }

    /// <summary>
    /// Stores the snapshot, then reads it back. Only after <see cref="CompleteAsync"/>: a snapshot that exists can be restored.
    /// </summary>
    public async Task<SnapshotId> CommitSnapshotAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        if (!isComplete)
        {
            throw new InvalidOperationException("The snapshot comes last: complete the writer first.");
        }
        if (!Index.Contains(BlobKind.Tree, snapshot.Tree))
        {
            throw new InvalidOperationException("The snapshot comes last: its root tree is not in the repository.");
        }
        await Lock.EnsureHeldAsync(cancellationToken);
        var file = await Repository.StoreUnpackedAsync(FileKind.Snapshot, SnapshotFile.Encode(snapshot), cancellationToken);
        var id = new SnapshotId(file.Name);
        try
        {
            var stored = await Repository.LoadSnapshotAsync(id, cancellationToken);
            return stored.Tree == snapshot.Tree ? id : throw NotAsWritten(file);
        }
        catch
        {
            await WithdrawSnapshotAsync(id); // Whoever cancelled is told that there is no backup, and so there must be none.
            throw;
        }
    }

    /// <summary>
    /// Takes back a snapshot just committed, because something it needs does not read back: a failed backup leaves no snapshot.
    /// </summary>
    public Task WithdrawSnapshotAsync(SnapshotId id) => Repository.Storage.DeleteAsync(StorageKey.Of(id), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }
        await stopping.CancelAsync();
        Task[] running;
        lock (gate)
        {
            running = [.. uploads];
        }
        await Task.WhenAll(running); // They record their failures and do not throw.
        await Lock.DisposeAsync();
        packBuffers.Dispose();
        uploadSlots.Dispose();
        indexGate.Dispose();
        stopping.Dispose();
    }

    private Task[] UploadPartialPacks()
    {
        List<PackBuilder> joined = [];
        lock (gate)
        {
            foreach (var pack in partial.Where(pack => pack.BlobCount > 0).OrderByDescending(pack => pack.UsedBytes))
            {
                if (joined.Find(other => other.Kind == pack.Kind && other.TryAbsorb(pack)) is null)
                {
                    joined.Add(pack);
                }
            }
            partial.Clear();
        }
        joined.ForEach(Upload);
        lock (gate)
        {
            return [.. uploads];
        }
    }

    private async Task UploadAsync(PackBuilder builder)
    {
        try
        {
            await uploadSlots.WaitAsync(stopping.Token);
            try
            {
                var pack = builder.Seal(Repository.Key);
                Lock.EnsureFresh();
                await Repository.Storage.PutAsync(StorageKey.Of(pack.Id), pack.Content, stopping.Token);
                await ReadBackAsync(pack);
                await RecordAsync(pack);
            }
            finally
            {
                uploadSlots.Release();
            }
            if (builder.Buffer.Length == PackBuilder.TargetBytes)
            {
                packBuffers.Return(builder.Buffer);
            }
        }
        catch (Exception e)
        {
            Fail(e); // And keep the buffer: whoever waits for one is let go by the failure.
        }
    }

    private async Task RecordAsync(SealedPack pack)
    {
        Index.AddPack(pack.Id, pack.Blobs);
        bool isIndexFull;
        lock (gate)
        {
            foreach (var blob in pack.Blobs)
            {
                claimed[(int)blob.Kind].Remove(blob.Id); // The index answers for it from here.
            }
            unindexed.Add(new IndexedPack(pack.Id, pack.Blobs));
            unindexedBlobs += pack.Blobs.Count;
            isIndexFull = unindexedBlobs >= IndexFile.BlobsMax;
            statistics = statistics with { StoredBytes = statistics.StoredBytes + pack.Content.Length };
        }
        if (isIndexFull)
        {
            await SaveIndexAsync(stopping.Token);
        }
    }

    private async Task SaveIndexAsync(CancellationToken cancellationToken)
    {
        await indexGate.WaitAsync(cancellationToken);
        try
        {
            List<IndexedPack> packs;
            lock (gate)
            {
                (packs, unindexed) = (unindexed, []);
                unindexedBlobs = 0;
            }
            if (packs.Count > 0)
            {
                await Lock.EnsureHeldAsync(cancellationToken);
                var file = await Repository.StoreUnpackedAsync(FileKind.Index, IndexFile.Encode(packs), cancellationToken);
                var stored = await Repository.ReadIndexFileAsync(file, cancellationToken);
                if (!stored.Select(pack => pack.Id).SequenceEqual(packs.Select(pack => pack.Id)))
                {
                    throw NotAsWritten(file);
                }
                if (packs.Sum(pack => pack.Blobs.Count) >= LargeIndexBlobs)
                {
                    Collect();
                }
            }
        }
        finally
        {
            indexGate.Release();
        }
    }

    /// <summary>
    /// Asks the storage for what it has under the pack's name: length, header, and every blob's place. The bytes of the blobs were proven
    /// before they were sent; to fetch them all again is what `verify` is for.
    /// </summary>
    private async Task ReadBackAsync(SealedPack pack)
    {
        var file = StorageKey.Of(pack.Id);
        var lengthBytes = await Repository.Storage.FindLengthAsync(file, stopping.Token);
        if (lengthBytes != pack.Content.Length)
        {
            throw NotAsWritten(file);
        }
        var stored = await PackReader.ReadHeaderAsync(Repository.Storage, Repository.Key, pack.Id, pack.Content.Length, stopping.Token);
        if (!stored.SequenceEqual(pack.Blobs))
        {
            throw NotAsWritten(file);
        }
    }

    private RepositoryException NotAsWritten(StorageKey file) =>
        new(RepositoryError.StorageFailed, $"{file} in {Repository.Location} does not read back as it was written")
        {
            File = file,
            Location = Repository.Location,
        };

    /// <summary>
    /// Dead large objects are collected late by themselves, and would stand beside those that come next. This runs once for every index
    /// file and at the end.
    /// </summary>
    private static void Collect() => GC.Collect();

    private void ThrowIfFailed()
    {
        if (Failure is { } reason)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(reason);
        }
    }
}
