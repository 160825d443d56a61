using System.Runtime.CompilerServices;
using Larder.Repository.Index;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Reading;

/// <summary>Reads directory listings, and walks them depth first.</summary>
public sealed class TreeSource
{
    // A tree deeper than this is not one that a file system made; it bounds what a forged repository can cost.
    private const int DepthMax = 4096;

    private readonly Repository repository;
    private readonly BlobReader blobs;

    public TreeSource(Repository repository, MasterIndex index)
        : this(repository, new BlobReader(repository, index))
    {
    }

    internal TreeSource(Repository repository, BlobReader blobs)
    {
        this.repository = repository;
        this.blobs = blobs;
    }

    /// <exception cref="RepositoryException">
    /// As reading any blob; <see cref="RepositoryError.Damaged"/> where the bytes are no listing.
    /// </exception>
    public async Task<Tree> LoadAsync(BlobId id, CancellationToken cancellationToken)
    {
        var json = await blobs.ReadOneAsync(BlobKind.Tree, id, cancellationToken);
        try
        {
            return Tree.Decode(json);
        }
        catch (RepositoryException e)
        {
            throw new RepositoryException(
                e.Error, $"the directory listing {id.ToString()[..8]} in {repository.Location} is damaged: {e.Message}", e)
            {
                Location = repository.Location,
            };
        }
    }

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
                    throw new RepositoryException(
                        RepositoryError.Damaged, $"a directory tree in {repository.Location} is more than {DepthMax} levels deep")
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
