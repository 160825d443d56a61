using Larder.Repository;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Engine.BackingUp;

/// <summary>The same folder in the backup before: what has not changed since need not be read again.</summary>
internal sealed class PreviousTree
{
    // A file written twice within one tick of the file system's clock, before and after it was read, looks unchanged. Two seconds
    // cover the coarsest clock in use (FAT).
    private static readonly TimeSpan RacyInterval = TimeSpan.FromSeconds(2);

    private readonly TreeSource? trees;
    private readonly DateTimeOffset trustedBefore;
    private readonly IReadOnlyList<Node> nodes;

    private PreviousTree(TreeSource? trees, DateTimeOffset trustedBefore, IReadOnlyList<Node> nodes)
    {
        this.trees = trees;
        this.trustedBefore = trustedBefore;
        this.nodes = nodes;
    }

    /// <summary>Where there is no backup before.</summary>
    public static PreviousTree None { get; } = new(null, default, []);

    /// <param name="backupBegan">When the backup before began; what changed just then is read again.</param>
    public static async Task<PreviousTree> LoadAsync(
        TreeSource trees, BlobId tree, DateTimeOffset backupBegan, CancellationToken cancellationToken) =>
        new(trees, backupBegan - RacyInterval, (await trees.LoadAsync(tree, cancellationToken)).Nodes);

    /// <summary>The same sub-folder in the backup before; none where it was not there or cannot be read.</summary>
    public async Task<PreviousTree> EnterAsync(NodeName name, CancellationToken cancellationToken)
    {
        if (trees is null || Find(name) is not { Subtree: { } subtree })
        {
            return None;
        }
        try
        {
            return new PreviousTree(trees, trustedBefore, (await trees.LoadAsync(subtree, cancellationToken)).Nodes);
        }
        catch (RepositoryException)
        {
            return None; // Then its files are read again, which is always right.
        }
    }

    /// <summary>The content of a file that is the same as then by inode, size and both times; null where it must be read.</summary>
    public IReadOnlyList<BlobId>? FindUnchanged(Node now) =>
        Find(now.Name) is { Type: NodeType.File, Content: { } content } then
        && then.SizeBytes == now.SizeBytes
        && then.ModifiedAt == now.ModifiedAt
        && then.ChangedAt == now.ChangedAt
        && then.Inode == now.Inode
        && then.ChangedAt.ToDateTimeOffset() < trustedBefore
            ? content
            : null;

    private Node? Find(NodeName name)
    {
        var (low, high) = (0, nodes.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = nodes[middle].Name.CompareTo(name);
            if (order == 0)
            {
                return nodes[middle];
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return null;
    }
}
