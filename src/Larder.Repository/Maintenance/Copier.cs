using Larder.Repository.Index;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Repository.Writing;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Copies snapshots with all they need into another repository: blobs as they were cut, sealed with the other's key. The copy keeps its
/// first id in <c>original</c>.
/// </summary>
public sealed class Copier
{
    private readonly Repository source;
    private readonly MasterIndex sourceIndex;
    private readonly RepositoryWriter target;
    private readonly int compressionLevel;

    /// <param name="sourceIndex">Loaded under a shared lock on the source.</param>
    /// <param name="target">Stays the caller's.</param>
    public Copier(Repository source, MasterIndex sourceIndex, RepositoryWriter target, int compressionLevel)
    {
        this.source = source;
        this.sourceIndex = sourceIndex;
        this.target = target;
        this.compressionLevel = compressionLevel;
    }

    /// <summary>Copies those snapshots that the target does not have yet.</summary>
    /// <param name="onBytes">Called with the plaintext bytes of each blob that was copied.</param>
    /// <returns>The ids of the copies.</returns>
    public async Task<IReadOnlyList<SnapshotId>> ExecuteAsync(
        IReadOnlyList<StoredSnapshot> snapshots, Action<long> onBytes, CancellationToken cancellationToken)
    {
        var missing = await FindMissingAsync(snapshots, cancellationToken);
        // A pack holds data or trees, never both: a worker for each.
        using (var dataWorker = new BlobWorker([target], compressionLevel))
        using (var treeWorker = new BlobWorker([target], compressionLevel == 0 ? 1 : compressionLevel))
        {
            var seen = new HashSet<BlobId>();
            foreach (var snapshot in missing)
            {
                await CopyTreesAsync(snapshot.Snapshot.Tree, seen, dataWorker, treeWorker, onBytes, cancellationToken);
            }
            dataWorker.Finish();
            treeWorker.Finish();
        }
        await target.CompleteAsync(cancellationToken);

        var copies = new List<SnapshotId>();
        foreach (var snapshot in missing)
        {
            copies.Add(await target.CommitSnapshotAsync(
                snapshot.Snapshot with { Parent = null, Original = Identity(snapshot) }, cancellationToken));
        }
        return copies;
    }

    private static SnapshotId Identity(StoredSnapshot snapshot) => snapshot.Snapshot.Original ?? snapshot.Id;

    private async Task<List<StoredSnapshot>> FindMissingAsync(IReadOnlyList<StoredSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var present = new HashSet<SnapshotId>();
        await foreach (var snapshot in target.Repository.ListSnapshotsAsync(
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw, cancellationToken))
        {
            present.Add(Identity(snapshot));
        }
        return [.. snapshots.Where(snapshot => !present.Contains(Identity(snapshot)))];
    }

    private async Task CopyTreesAsync(
        BlobId root,
        HashSet<BlobId> seen,
        BlobWorker dataWorker,
        BlobWorker treeWorker,
        Action<long> onBytes,
        CancellationToken cancellationToken)
    {
        var blobs = BlobReader.Strict(source, sourceIndex);
        var pending = new Stack<BlobId>();
        pending.Push(root);
        while (pending.TryPop(out var id))
        {
            if (!seen.Add(id))
            {
                continue;
            }
            var json = await blobs.ReadOneAsync(BlobKind.Tree, id, cancellationToken);
            await treeWorker.StoreAsync(BlobKind.Tree, id, json, cancellationToken);
            var nodes = Tree.Decode(json).Nodes;
            foreach (var node in nodes.Where(node => node.Subtree is not null))
            {
                pending.Push(node.Subtree!.Value);
            }
            List<BlobId> missing =
            [
                .. nodes.SelectMany(node => node.Content ?? []).Distinct().Where(data => !target.Index.Contains(BlobKind.Data, data)),
            ];
            var place = 0;
            await foreach (var plain in blobs.ReadAsync(missing, cancellationToken))
            {
                await dataWorker.StoreAsync(BlobKind.Data, missing[place++], plain, cancellationToken);
                onBytes(plain.Length);
            }
        }
    }
}
