using System.Runtime.CompilerServices;
using Larder.Engine.Browse;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Sources;

namespace Larder.Engine.Restore;

/// <summary>A node of a backup and where it goes, below some root.</summary>
internal readonly record struct PlacedNode(EntryPath Path, Node Node);

/// <summary>Where walking begins: a node with all that lies below it, or, on the way to a single entry, a folder alone.</summary>
internal sealed record TreeStart(EntryPath Path, Node Node, bool IsFolderAlone = false)
{
    /// <summary>All of a listing, at the root.</summary>
    public static IReadOnlyList<TreeStart> Whole(IEnumerable<Node> listing) =>
        [.. listing.Select(node => new TreeStart(new EntryPath(node.Name.Bytes.ToArray()), node))];

    /// <summary>The last node of a way with all below it, and the folders above it alone.</summary>
    public static IReadOnlyList<TreeStart> Entry(IReadOnlyList<Node> way)
    {
        var starts = new List<TreeStart>();
        var path = default(EntryPath);
        for (var i = 0; i < way.Count; i++)
        {
            path = path.Append(way[i].Name.Bytes);
            starts.Add(new TreeStart(path, way[i], IsFolderAlone: i < way.Count - 1));
        }
        return starts;
    }

    /// <summary>Every node, a folder before what it contains.</summary>
    public static async IAsyncEnumerable<PlacedNode> WalkAsync(
        ReadableBackup backup, IEnumerable<TreeStart> starts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var start in starts)
        {
            yield return new PlacedNode(start.Path, start.Node);
            if (start.IsFolderAlone || start.Node.Subtree is not { } subtree)
            {
                continue;
            }
            await foreach (var walked in backup.Trees.WalkAsync(subtree, cancellationToken))
            {
                yield return new PlacedNode(Join(start.Path, walked), walked.Node);
            }
        }
    }

    private static EntryPath Join(EntryPath start, WalkedNode walked)
    {
        var length = start.Bytes.Length;
        foreach (var name in walked.Path)
        {
            length += 1 + name.Bytes.Length;
        }
        var bytes = new byte[length];
        start.Bytes.CopyTo(bytes);
        var at = start.Bytes.Length;
        foreach (var name in walked.Path)
        {
            bytes[at++] = (byte)'/';
            name.Bytes.CopyTo(bytes.AsSpan(at));
            at += name.Bytes.Length;
        }
        return new EntryPath(bytes);
    }
}
