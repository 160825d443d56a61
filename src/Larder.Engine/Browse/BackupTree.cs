using System.Runtime.CompilerServices;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Browse;

/// <summary>What lies in a backup, for `larder ls`.</summary>
public static class BackupTree
{
    /// <summary>Lists a folder, or a file alone. A folder comes before what it contains; names ascend by their bytes.</summary>
    /// <param name="path">
    /// Begins at a source's name, <c>code/srv/app</c>; empty for the whole. Odd names in their quoted form, as they are listed.
    /// Fails with <see cref="Errors.EngineError.UnknownEntry"/>, naming what is near.
    /// </param>
    /// <param name="recursive">With everything below.</param>
    public static async IAsyncEnumerable<ListedNode> ListAsync(
        ReadableBackup backup, string path, bool recursive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var way = await EntryFinder.FindAsync(backup, backup.Root, path, cancellationToken);
        var shown = EntryFinder.Shown(way);
        if (way.Count > 0 && way[^1].Subtree is null)
        {
            yield return ListedNode.From(shown, way[^1]);
            yield break;
        }

        var listing = way.Count == 0 ? backup.Root : (await backup.Trees.LoadAsync(way[^1].Subtree!.Value, cancellationToken)).Nodes;
        foreach (var node in listing)
        {
            var below = Join(shown, node.Name);
            yield return ListedNode.From(below, node);
            if (!recursive || node.Subtree is not { } subtree)
            {
                continue;
            }
            await foreach (var walked in backup.Trees.WalkAsync(subtree, cancellationToken))
            {
                yield return ListedNode.From(walked.Path.Aggregate(below, Join), walked.Node);
            }
        }
    }

    private static string Join(string folder, NodeName name) => folder.Length == 0 ? name.ToQuoted() : $"{folder}/{name.ToQuoted()}";
}
