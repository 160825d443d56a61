using Larder.Engine.BackingUp;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Files;

namespace Larder.Engine.Restore;

/// <summary>Writes nodes into a folder, on the caller's thread: a file system answers faster than a thread is handed over to.</summary>
internal sealed class FolderSink(FileTreeWriter writer) : INodeSink, IDisposable
{
    private readonly LinkedFiles links = new();
    private readonly List<SourceWarning> warnings = [];
    private FileTarget? file;
    private long fileBytes;

    /// <summary>What is not as the backup says, besides the writer's own warnings.</summary>
    public IReadOnlyList<SourceWarning> Warnings => warnings;

    public bool WantsContent(in PlacedNode node) => links.IsFirst(node);

    public ValueTask BeginAsync(PlacedNode node, CancellationToken cancellationToken)
    {
        if (node.Node.Type == NodeType.Irregular)
        {
            warnings.Add(new SourceWarning(node.Path.ToString(), "It is left out: the backup does not say what it was."));
            return default;
        }
        var attributes = NodeMapping.ToAttributes(node.Node);
        switch (node.Node.Type)
        {
            case NodeType.Directory:
                writer.CreateDirectory(node.Path, attributes);
                break;
            case NodeType.Symlink:
                writer.CreateSymlink(node.Path, attributes);
                break;
            case NodeType.File when links.FirstOf(node) is { } first:
                writer.CreateHardLink(node.Path, first);
                break;
            case NodeType.File:
                file = writer.BeginFile(node.Path, attributes, (long)node.Node.SizeBytes);
                fileBytes = 0;
                break;
            default:
                writer.CreateSpecial(node.Path, attributes);
                break;
        }
        return default;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        fileBytes += bytes.Length;
        return file!.WriteAsync(bytes);
    }

    public async ValueTask EndAsync(PlacedNode node, CancellationToken cancellationToken)
    {
        await file!.CompleteAsync();
        file.Dispose();
        file = null;
        if (fileBytes != (long)node.Node.SizeBytes)
        {
            warnings.Add(new SourceWarning(
                node.Path.ToString(), $"It has {fileBytes} bytes, and the backup's listing says {node.Node.SizeBytes}."));
        }
    }

    public void Dispose() => file?.Dispose();
}
