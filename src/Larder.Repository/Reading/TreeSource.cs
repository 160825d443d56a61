using System.Runtime.CompilerServices;
using Larder.Repository.Index;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Reading;

/// <summary>Reads directory listings, and walks them depth first.</summary>
public sealed class TreeSource(Repository repository, MasterIndex index)
{
    // A tree deeper than this is not one that a file system made; it bounds what a forged repository can cost.
    private const int DepthMax = 4096;

    private readonly BlobReader blobs = new(repository, index);

    public async Task<Tree> LoadAsync(BlobId id, CancellationToken cancellationToken) =>
        Tree.Decode(await blobs.ReadOneAsync(BlobKind.Tree, id, cancellationToken));

    /// <summary>Every node below a tree, a directory before what it contains, in the order of names.</summary>
    public async IAsyncEnumerable<WalkedNode> WalkAsync(BlobId root, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = new Stack<(IReadOnlyList<Node> Nodes, int Next, IReadOnlyList<NodeName> Path)>();
        open.Push(((await LoadAsync(root, cancellationToken)).Nodes, 0, []));
        while (open.TryPop(out var at))
        {
            if (at.Next == at.Nodes.Count)
            {
                continue;
            }
            open.Push(at with { Next = at.Next + 1 });
            var node = at.Nodes[at.Next];
            IReadOnlyList<NodeName> path = [.. at.Path, node.Name];
            yield return new WalkedNode(path, node);
            if (node.Subtree is { } subtree)
            {
                if (open.Count > DepthMax)
                {
                    throw new RepositoryException(RepositoryError.Damaged, $"a directory tree in {repository.Location} is more than {DepthMax} levels deep")
                    {
                        Location = repository.Location,
                    };
                }
                open.Push(((await LoadAsync(subtree, cancellationToken)).Nodes, 0, path));
            }
        }
    }
}

/// <summary>A node and the names that lead to it, its own the last.</summary>
public sealed record WalkedNode(IReadOnlyList<NodeName> Path, Node Node);
