using Larder.Repository.Index;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Follows every reference from snapshots through trees to blobs, each tree once. Goes by one index, and no other copy of it.
/// </summary>
internal sealed class ReferenceWalk(Repository repository, MasterIndex index, UsedBlobs used)
{
    private readonly TreeSource trees = new(repository, BlobReader.Strict(repository, index));
    private readonly HashSet<BlobId> seen = [];

    /// <summary>Marks all that a snapshot needs and no snapshot before it did.</summary>
    /// <param name="broken">Called for each reference that leads nowhere, and each tree that cannot be read; rethrow in it to stop.</param>
    public async Task FollowAsync(StoredSnapshot snapshot, Action<BrokenReference> broken, CancellationToken cancellationToken)
    {
        var pending = new Stack<BlobId>();
        pending.Push(snapshot.Snapshot.Tree);
        while (pending.TryPop(out var tree))
        {
            if (!seen.Add(tree))
            {
                continue;
            }
            used.Mark(BlobKind.Tree, tree);
            try
            {
                foreach (var node in (await trees.LoadAsync(tree, cancellationToken)).Nodes)
                {
                    Follow(tree, node, pending, broken);
                }
            }
            catch (RepositoryException e)
                when (e.Error is RepositoryError.Damaged or RepositoryError.BlobMissing or RepositoryError.FileMissing)
            {
                broken(new BrokenReference(BlobKind.Tree, tree, e));
            }
        }
    }

    private void Follow(BlobId tree, Node node, Stack<BlobId> pending, Action<BrokenReference> broken)
    {
        if (node.Type == NodeType.Directory)
        {
            if (node.Subtree is { } subtree)
            {
                pending.Push(subtree);
            }
            else
            {
                broken(new BrokenReference(BlobKind.Tree, tree, Broken($"the folder {node.Name} has no listing")));
            }
        }
        if (node.Type == NodeType.File && node.Content is null)
        {
            broken(new BrokenReference(BlobKind.Tree, tree, Broken($"the file {node.Name} has no list of content")));
        }
        foreach (var id in node.Content ?? [])
        {
            if (!used.Mark(BlobKind.Data, id))
            {
                broken(new BrokenReference(
                    BlobKind.Data, id, Broken($"the file {node.Name} needs the blob {id.ToString()[..8]}, which no index knows")));
            }
        }
    }

    private RepositoryException Broken(string what) =>
        new(RepositoryError.BlobMissing, $"{what} (in {repository.Location})") { Location = repository.Location };
}

/// <summary>A blob that something needs and that is not to be had: whoever leads to it cannot be restored whole.</summary>
/// <param name="Kind">A tree that cannot be read, or that is not as it should be; or data that no index knows.</param>
/// <param name="Blob">Its id.</param>
/// <param name="Reason">Why, with the file to blame where there is one.</param>
internal sealed record BrokenReference(BlobKind Kind, BlobId Blob, RepositoryException Reason);
