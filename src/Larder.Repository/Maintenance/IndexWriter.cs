using Larder.Repository.Index;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>Collects packs and writes index files of a good size. All blobs of a pack stay in one file.</summary>
internal sealed class IndexWriter(Repository repository, RepositoryLock heldLock)
{
    /// <summary>
    /// Index files with fewer blobs are joined when index files are written anyway: each nightly backup leaves a small one.
    /// </summary>
    public const int WorthJoiningBlobs = IndexFile.BlobsMax / 10;

    private readonly HashSet<PackId> seen = [];
    private readonly HashSet<StorageKey> files = [];
    private List<IndexedPack> pending = [];
    private int pendingBlobs;

    /// <summary>The files written so far.</summary>
    public IReadOnlySet<StorageKey> Files => files;

    public async Task AddAsync(IEnumerable<IndexedPack> packs, CancellationToken cancellationToken)
    {
        foreach (var pack in packs)
        {
            if (!seen.Add(pack.Id))
            {
                continue;
            }
            pending.Add(pack);
            pendingBlobs += pack.Blobs.Count;
            if (pendingBlobs >= IndexFile.BlobsMax)
            {
                await CompleteAsync(cancellationToken);
            }
        }
    }

    /// <summary>Writes what is pending.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (pending.Count == 0)
        {
            return;
        }
        await heldLock.EnsureHeldAsync(cancellationToken);
        files.Add(await repository.StoreUnpackedAsync(FileKind.Index, IndexFile.Encode(pending), cancellationToken));
        (pending, pendingBlobs) = ([], 0);
    }
}
