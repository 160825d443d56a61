using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Removes what no snapshot needs. The order makes every moment safe: new packs, then new index files, then old index files go, then old
/// packs. A crash between any two steps leaves copies or leftovers, which the next prune removes.
/// </summary>
public sealed class Pruner
{
    private readonly Repository repository;
    private readonly RepositoryLock heldLock;
    private readonly PruneOptions options;

    /// <param name="heldLock">Exclusive: while blobs move, nobody else may count on them.</param>
    public Pruner(Repository repository, RepositoryLock heldLock, PruneOptions options)
    {
        if (heldLock.Mode != LockMode.Exclusive)
        {
            throw new ArgumentException("Pruning needs an exclusive lock.", nameof(heldLock));
        }
        this.repository = repository;
        this.heldLock = heldLock;
        this.options = options;
    }

    /// <summary>What a prune would do. Needs no lock when it is only shown.</summary>
    /// <exception cref="RepositoryException">Where a snapshot needs what is not there: then pruning could only make it worse.</exception>
    public static async Task<PrunePlan> PlanAsync(Repository repository, PruneOptions options, CancellationToken cancellationToken) =>
        (await SurveyAsync(repository, [], options, cancellationToken)).Plan;

    /// <summary>What a prune would do once these snapshots are gone.</summary>
    public static async Task<PrunePlan> PlanWithoutAsync(
        Repository repository, IReadOnlyCollection<SnapshotId> removed, PruneOptions options, CancellationToken cancellationToken) =>
        (await SurveyAsync(repository, removed, options, cancellationToken)).Plan;

    /// <summary>Plans and executes.</summary>
    /// <returns>The plan that was carried out.</returns>
    public async Task<PrunePlan> ExecuteAsync(CancellationToken cancellationToken)
    {
        repository.DropIndex();
        var (plan, index, used) = await SurveyAsync(repository, [], options, cancellationToken);

        await DeletePacksAsync(plan.Unindexed, cancellationToken);
        var written = await RepackAsync(plan, index, used, cancellationToken);
        await ReplaceIndexFilesAsync([.. plan.Unused, .. plan.Repacked, .. plan.Vanished], written, cancellationToken);
        await DeletePacksAsync([.. plan.Unused, .. plan.Repacked], cancellationToken);

        repository.DropIndex();
        return plan;
    }

    private static async Task<(PrunePlan Plan, MasterIndex Index, UsedBlobs Used)> SurveyAsync(
        Repository repository, IReadOnlyCollection<SnapshotId> removed, PruneOptions options, CancellationToken cancellationToken)
    {
        var snapshots = new List<StoredSnapshot>();
        await foreach (var snapshot in repository.ListSnapshotsAsync(Rethrow, cancellationToken))
        {
            if (!removed.Contains(snapshot.Id))
            {
                snapshots.Add(snapshot);
            }
        }

        // All or nothing: a blob that seems unused because an index file could not be read must not be deleted.
        var index = await repository.ReadIndexAsync(Rethrow, cancellationToken);
        if (index.Conflicts is [var conflict, ..])
        {
            throw PackReader.Damaged(
                repository.Storage,
                conflict.Id,
                "index files contradict each other about it; rebuild the index first, nothing was removed");
        }
        var used = new UsedBlobs(index);
        var walk = new ReferenceWalk(repository, index, used);
        foreach (var snapshot in snapshots)
        {
            await walk.FollowAsync(snapshot, broken => Rethrow(broken.Reason), cancellationToken);
        }

        var stored = new Dictionary<PackId, long>();
        await foreach (var file in repository.Storage.ListAsync(FileKind.Pack, cancellationToken))
        {
            stored[new PackId(file.Key.Name)] = file.LengthBytes;
        }
        ConfirmPresent(repository, index, used, stored);
        return (PrunePlan.Compute(index, used, stored, options), index, used);
    }

    private static void ConfirmPresent(Repository repository, MasterIndex index, UsedBlobs used, Dictionary<PackId, long> stored)
    {
        foreach (var pack in index.Packs)
        {
            var isSound = stored.TryGetValue(pack.Id, out var lengthBytes) && lengthBytes == PackHeader.FileBytes(pack.Blobs);
            if (!isSound && pack.Blobs.Any(blob => used.IsMarked(blob.Kind, blob.Id)))
            {
                throw PackReader.Damaged(
                    repository.Storage, pack.Id, "backups need it, and it is missing or has the wrong length; nothing was removed");
            }
        }
    }

    private async Task<IReadOnlyList<IndexedPack>> RepackAsync(
        PrunePlan plan, MasterIndex index, UsedBlobs used, CancellationToken cancellationToken)
    {
        var repacked = plan.Repacked.ToHashSet();
        var target = new RepackTarget(repository, heldLock);
        foreach (var pack in index.Packs.Where(pack => repacked.Contains(pack.Id)))
        {
            await target.CopyAsync(pack.Id, PrunePlan.Kept(pack, index, used), cancellationToken);
            options.OnBytesRepacked(PackHeader.FileBytes(pack.Blobs));
        }
        return await target.CompleteAsync(cancellationToken);
    }

    /// <summary>Writes what is left of every index file that names a removed pack, and the new packs; only then the old files go.</summary>
    private async Task ReplaceIndexFilesAsync(
        HashSet<PackId> removed, IReadOnlyList<IndexedPack> written, CancellationToken cancellationToken)
    {
        if (removed.Count == 0 && written.Count == 0)
        {
            return;
        }
        var outdated = new List<StorageKey>();
        var writer = new IndexWriter(repository, heldLock);
        await foreach (var file in repository.Storage.ListAsync(FileKind.Index, cancellationToken))
        {
            var packs = await repository.ReadIndexFileAsync(file.Key, cancellationToken);
            if (packs.Any(pack => removed.Contains(pack.Id)) || packs.Sum(pack => pack.Blobs.Count) < IndexWriter.WorthJoiningBlobs)
            {
                outdated.Add(file.Key);
                await writer.AddAsync(packs.Where(pack => !removed.Contains(pack.Id)), cancellationToken);
            }
        }
        await writer.AddAsync(written, cancellationToken);
        await writer.CompleteAsync(cancellationToken);

        await heldLock.EnsureHeldAsync(cancellationToken);
        foreach (var file in outdated.Where(file => !writer.Files.Contains(file)))
        {
            await repository.Storage.DeleteAsync(file, cancellationToken);
        }
    }

    private async Task DeletePacksAsync(IReadOnlyCollection<PackId> packs, CancellationToken cancellationToken)
    {
        if (packs.Count == 0)
        {
            return;
        }
        await heldLock.EnsureHeldAsync(cancellationToken);
        var parallel = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(packs, parallel, async (pack, token) =>
        {
            heldLock.EnsureFresh();
            await repository.Storage.DeleteAsync(StorageKey.Of(pack), token);
        });
    }

    private static void Rethrow(RepositoryException e) => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
}
