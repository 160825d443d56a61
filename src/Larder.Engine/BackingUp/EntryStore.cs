using Larder.Repository;
using Larder.Repository.Chunking;
using Larder.Repository.Index;
using Larder.Repository.Snapshots;
using Larder.Repository.Writing;
using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>
/// Stores the entries of one session as a tree. Entries arrive depth first, so only the folders on the way to the current entry are open;
/// a folder that is left is stored as soon as the ids of its files are known, while reading goes on. Disposing ends contents that are still
/// being read.
/// </summary>
internal sealed class EntryStore : IAsyncDisposable
{
    private readonly ContentIntake intake;
    private readonly IReadOnlyList<MasterIndex> indexes;
    private readonly Func<ContentStyle, IChunker> chunkerFor;
    private readonly RunProgress progress;
    private readonly int contentsAtOnce;
    private readonly CancellationTokenSource disposal = new();
    private readonly List<Task<ReadContent?>> reading = [];
    private readonly Stack<OpenFolder> open = new();

    /// <param name="indexes">Of every repository that is written to: content is taken over from the backup before only where all have
    /// it.</param>
    /// <param name="contentsAtOnce">How many contents are read side by side at most.</param>
    public EntryStore(
        ContentIntake intake,
        IReadOnlyList<MasterIndex> indexes,
        Func<ContentStyle, IChunker> chunkerFor,
        PreviousTree previous,
        RunProgress progress,
        int contentsAtOnce)
    {
        this.intake = intake;
        this.indexes = indexes;
        this.chunkerFor = chunkerFor;
        this.progress = progress;
        this.contentsAtOnce = contentsAtOnce;
        open.Push(new OpenFolder(default, null, previous));
    }

    public StoredFigures Figures { get; } = new();

    /// <summary>
    /// Stores one entry. When this completes, one content more may be read: of a source that hands over one at a time, this one has been
    /// read to its end. Fails with what any of the contents failed with.
    /// </summary>
    public async Task AddAsync(SourceEntry entry, CancellationToken cancellationToken)
    {
        var (parent, name) = Split(entry.Path);
        while (open.Peek().Path != parent)
        {
            if (open.Count == 1)
            {
                throw new InvalidOperationException($"The entry {entry.Path} came before its folder, or after its folder was left.");
            }
            Leave();
        }

        var folder = open.Peek();
        var node = NodeMapping.ToNode(name, entry.Attributes);
        switch (node.Type)
        {
            case NodeType.Directory:
                open.Push(new OpenFolder(entry.Path, node, await folder.Previous.EnterAsync(name, cancellationToken)));
                break;
            case NodeType.File:
                await AddFileAsync(folder, node, entry, cancellationToken);
                break;
            default:
                folder.Nodes.Add(Task.FromResult(node));
                break;
        }
    }

    /// <summary>Completes when every content has been read to its end. Fails as soon as one of them does.</summary>
    public async Task ReadContentsAsync()
    {
        while (reading.Count > 0)
        {
            await ReadOneAsync();
        }
    }

    /// <summary>Ends the tree. Only after <see cref="ReadContentsAsync"/>.</summary>
    /// <returns>The listing of the root, once all ids are known.</returns>
    public async Task<BlobId> CompleteAsync(CancellationToken cancellationToken)
    {
        while (open.Count > 1)
        {
            Leave();
        }
        await intake.FlushAsync(cancellationToken);
        return await StoreFolderAsync(open.Pop(), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await disposal.CancelAsync();
        await Task.WhenAll(reading.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        disposal.Dispose();
    }

    private async Task AddFileAsync(OpenFolder folder, Node node, SourceEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Style == ContentStyle.File
            && folder.Previous.FindUnchanged(node) is { } content
            && content.All(id => indexes.All(index => index.Contains(BlobKind.Data, id))))
        {
            folder.Nodes.Add(Task.FromResult(node with { Content = content }));
            Figures.CountUnchanged((long)node.SizeBytes);
            progress.Advance((long)node.SizeBytes);
            return;
        }
        if (entry.OpenContent is null)
        {
            throw new InvalidOperationException($"The file {entry.Path} came without content.");
        }
        if (contentsAtOnce == 1)
        {
            var read = await ReadAsync(node, entry, cancellationToken);
            Count(read);
            if (read is not null)
            {
                folder.Nodes.Add(read.Node);
            }
            return;
        }
        var storing = Task.Run(() => ReadBesideAsync(node, entry, cancellationToken), cancellationToken);
        folder.Contents.Add(storing);
        reading.Add(storing);
        while (reading.Count >= contentsAtOnce)
        {
            await ReadOneAsync();
        }
    }

    private async Task ReadOneAsync()
    {
        var ended = await Task.WhenAny(reading);
        reading.Remove(ended);
        Count(await ended);
    }

    private async Task<ReadContent?> ReadBesideAsync(Node node, SourceEntry entry, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, disposal.Token);
        return await ReadAsync(node, entry, either.Token);
    }

    /// <returns>Null for an entry that is left out.</returns>
    private async Task<ReadContent?> ReadAsync(Node node, SourceEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new CountingStream(await entry.OpenContent!(cancellationToken), progress);
            var pending = await intake.StoreAsync(stream, chunkerFor(entry.Style), cancellationToken);
            return new ReadContent(stream.ReadBytes, WithContentAsync(node, pending));
        }
        catch (SourceException e) when (e.SkipsEntry)
        {
            return null; // The session lists it among its warnings, and the backup will be `partial`.
        }
    }

    private void Count(ReadContent? read)
    {
        if (read is null)
        {
            Figures.CountSkipped();
        }
        else
        {
            Figures.CountRead(read.Bytes);
        }
    }

    private static async Task<Node> WithContentAsync(Node node, PendingContent pending)
    {
        var content = await pending.Completion;
        // What was read counts, not what the listing said: a file may grow meanwhile.
        return node with { Content = content.Blobs, SizeBytes = (ulong)content.Bytes };
    }

    private void Leave()
    {
        var folder = open.Pop();
        open.Peek().Nodes.Add(StoreFolderAsNodeAsync(folder));
    }

    private async Task<Node> StoreFolderAsNodeAsync(OpenFolder folder) =>
        folder.Node! with { Subtree = await StoreFolderAsync(folder, CancellationToken.None) };

    private async Task<BlobId> StoreFolderAsync(OpenFolder folder, CancellationToken cancellationToken)
    {
        var contents = await Task.WhenAll(folder.Contents);
        var nodes = await Task.WhenAll([.. folder.Nodes, .. contents.OfType<ReadContent>().Select(content => content.Node)]);
        return await intake.StoreTreeAsync(new Tree([.. nodes.OrderBy(node => node.Name)]), cancellationToken);
    }

    private static (EntryPath Parent, NodeName Name) Split(EntryPath path)
    {
        var slash = path.Bytes.LastIndexOf((byte)'/');
        return slash < 0
            ? (default, new NodeName(path.Bytes.ToArray()))
            : (new EntryPath(path.Bytes[..slash].ToArray()), new NodeName(path.Bytes[(slash + 1)..].ToArray()));
    }

    private sealed record OpenFolder(EntryPath Path, Node? Node, PreviousTree Previous)
    {
        public List<Task<Node>> Nodes { get; } = [];

        /// <summary>Files that are read beside others.</summary>
        public List<Task<ReadContent?>> Contents { get; } = [];
    }

    /// <param name="Bytes">How many came.</param>
    /// <param name="Node">Known when all of its blobs have their ids.</param>
    private sealed record ReadContent(long Bytes, Task<Node> Node);
}
