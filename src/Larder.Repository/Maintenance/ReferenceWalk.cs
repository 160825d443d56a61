using Larder.Repository.Index;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Maintenance;

/// <summary>Follows every reference from snapshots through trees to blobs, each tree once.</summary>
internal sealed class ReferenceWalk(Repository repository, MasterIndex index, UsedBlobs used)
{
    private readonly TreeSource trees = new(repository, index);
    private readonly HashSet<BlobId> seen = [];

    /// <summary>Marks all that a snapshot needs.</summary>
    /// <param name="broken">Called for each reference that leads nowhere, and each tree that cannot be read; rethrow in it to stop.</param>
    public async Task FollowAsync(StoredSnapshot snapshot, Action<RepositoryException> broken, CancellationToken cancellationToken)
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
                    Follow(node, pending, broken);
                }
            }
            catch (RepositoryException e) when (e.Error is RepositoryError.Damaged or RepositoryError.BlobMissing or RepositoryError.FileMissing)
            {
                broken(e);
            }
        }
    }

    private void Follow(Node node, Stack<BlobId> pending, Action<RepositoryException> broken)
    {
        if (node.Type == NodeType.Directory)
        {
            if (node.Subtree is { } subtree)
            {
                pending.Push(subtree);
            }
            else
            {
                broken(Broken($"the folder {node.Name} has no listing"));
            }
        }
        if (node.Type == NodeType.File && node.Content is null)
        {
            broken(Broken($"the file {node.Name} has no list of content"));
        }
        foreach (var id in node.Content ?? [])
        {
            if (!used.Mark(BlobKind.Data, id))
            {
                broken(Broken($"the file {node.Name} needs the blob {id.ToString()[..8]}, which no index knows"));
            }
        }
    }

    private RepositoryException Broken(string what) => new(RepositoryError.BlobMissing, $"{what} (in {repository.Location})") { Location = repository.Location };
}
