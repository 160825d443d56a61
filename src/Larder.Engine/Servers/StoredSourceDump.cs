using Larder.Repository;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder.Engine.Servers;

/// <summary>The files of one source of a backup, read out of its repository.</summary>
/// <remarks>
/// Memory: each open stream has up to four groups of 1 MiB and as much of sealed boxes, 8 MiB; eight at once take 64 MiB. Kept for the
/// whole time are the files' lists of blobs, 32 bytes for each 64 KiB of dump: 50 MB for 100 GB.
/// </remarks>
internal sealed class StoredSourceDump : IStoredDump
{
    private const int GroupBytesMax = 1 << 20;

    private readonly BlobReader blobs;
    private readonly Dictionary<EntryPath, Node> nodes;

    private StoredSourceDump(BlobReader blobs, Dictionary<EntryPath, Node> nodes)
    {
        this.blobs = blobs.WithGroups(GroupBytesMax);
        this.nodes = nodes;
        Files = [.. nodes.Select(file => new StoredFile(file.Key, (long)file.Value.SizeBytes))];
    }

    public IReadOnlyList<StoredFile> Files { get; }

    /// <summary>Lists the files below the tree of a source. Fails with <see cref="RepositoryException"/>.</summary>
    public static async Task<StoredSourceDump> ListAsync(
        TreeSource trees, BlobReader blobs, BlobId tree, CancellationToken cancellationToken)
    {
        var nodes = new Dictionary<EntryPath, Node>();
        await foreach (var (names, node) in trees.WalkAsync(tree, cancellationToken))
        {
            if (node.Type == NodeType.File)
            {
                nodes.Add(names.Aggregate(default(EntryPath), (path, name) => path.Append(name.Bytes)), node);
            }
        }
        return new StoredSourceDump(blobs, nodes);
    }

    public ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken)
    {
        if (!nodes.TryGetValue(path, out var node))
        {
            throw new SourceException(SourceError.Damaged, $"The dump has no file {path}.");
        }
        cancellationToken.ThrowIfCancellationRequested();
        // The stream ends with its own token, not with this one, which may be that of the opening alone.
        var stopping = new CancellationTokenSource();
        var reading = blobs.ReadAsync(node.Content ?? [], stopping.Token).GetAsyncEnumerator(stopping.Token);
        return ValueTask.FromResult<Stream>(new BlobStream(reading, stopping));
    }
}
