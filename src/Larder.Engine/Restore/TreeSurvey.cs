using Larder.Engine.Browse;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Files;

namespace Larder.Engine.Restore;

/// <summary>Counts what a tree holds and what stands where it goes. Nothing is changed.</summary>
internal sealed class TreeSurvey(ReadableBackup backup, string root, CancellationToken cancellationToken)
{
    private const int ExamplesMax = 10;

    private readonly LinkedFiles links = new();
    private readonly List<string> examples = [];
    private readonly List<string> conflicts = [];
    private long newBytes;
    private long largestReplacement;

    public long Files { get; private set; }

    public long Folders { get; private set; }

    public long Bytes { get; private set; }

    public long Overwritten { get; private set; }

    public long LeftAlone { get; private set; }

    /// <summary>A replaced file and its replacement are on disk at once, but only one at a time; new files need all their room.</summary>
    public long NeededBytes => newBytes + largestReplacement;

    public IReadOnlyList<string> Examples => examples;

    /// <summary>Folders that stand where something else is to be restored, and the other way round: whole sentences.</summary>
    public IReadOnlyList<string> Conflicts => conflicts;

    public async Task LookAsync(TreeStep step)
    {
        foreach (var start in step.Starts)
        {
            var slash = start.Path.Bytes.LastIndexOf((byte)'/');
            var parent = slash < 0 ? default : new EntryPath(start.Path.Bytes[..slash].ToArray());
            using var look = FolderLook.TryOpen(root, parent);
            var standing = look?.Find(start.Node.Name.Bytes);
            Count(start.Path, start.Node, standing);
            if (!start.IsFolderAlone && start.Node.Subtree is not null)
            {
                await LookIntoAsync(start.Path, start.Node, standing == EntryType.Directory);
            }
        }
        if (step.IsWholeListing)
        {
            using var look = FolderLook.TryOpen(root, default);
            LeftAlone += look is null ? 0 : look.Count - step.Starts.Count(start => look.Find(start.Node.Name.Bytes) is not null);
        }
    }

    private async Task LookIntoAsync(EntryPath path, Node folder, bool stands)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var nodes = (await backup.Trees.LoadAsync(folder.Subtree!.Value, cancellationToken)).Nodes;
        var standing = new EntryType?[nodes.Count];
        using (var look = stands ? FolderLook.TryOpen(root, path) : null)
        {
            for (var i = 0; i < nodes.Count; i++)
            {
                standing[i] = look?.Find(nodes[i].Name.Bytes);
            }
            LeftAlone += look is null ? 0 : look.Count - standing.Count(one => one is not null);
        }
        for (var i = 0; i < nodes.Count; i++)
        {
            var below = path.Append(nodes[i].Name.Bytes);
            Count(below, nodes[i], standing[i]);
            if (nodes[i].Subtree is not null)
            {
                await LookIntoAsync(below, nodes[i], standing[i] == EntryType.Directory);
            }
        }
    }

    private void Count(EntryPath path, Node node, EntryType? standing)
    {
        var isFolder = node.Type == NodeType.Directory;
        var bytes = node.Type == NodeType.File && links.IsFirst(new PlacedNode(path, node)) ? (long)node.SizeBytes : 0;
        Folders += isFolder ? 1 : 0;
        Files += isFolder ? 0 : 1;
        Bytes += bytes;
        if (standing is null)
        {
            newBytes += bytes;
            return;
        }
        if (isFolder != (standing == EntryType.Directory))
        {
            conflicts.Add(isFolder
                ? $"A folder is to be restored at {Shown(path)}, and something else stands there."
                : $"A folder stands at {Shown(path)}, where something else is to be restored.");
        }
        else if (!isFolder)
        {
            Overwritten++;
            largestReplacement = Math.Max(largestReplacement, bytes);
            if (examples.Count < ExamplesMax)
            {
                examples.Add(Shown(path));
            }
        }
    }

    private string Shown(EntryPath path)
    {
        var text = root.TrimEnd('/');
        foreach (var range in path.Bytes.Split((byte)'/'))
        {
            text += "/" + new NodeName(path.Bytes[range].ToArray()).ToQuoted();
        }
        return text;
    }
}
