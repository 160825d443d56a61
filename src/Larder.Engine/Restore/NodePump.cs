using Larder.Engine.Browse;
using Larder.Repository;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Restore;

/// <summary>
/// Moves nodes with their contents from a repository into a sink. The walk is cut into batches, and the contents of a batch are one
/// sequence of blobs, so that reading ahead does not stop at the border of a file. The next batch is walked while the one before is
/// written.
/// </summary>
/// <remarks>Memory: two batches, about 1 KB a node and 32 bytes a blob id, some 20 MB, and what <c>BlobReader</c> reads ahead.</remarks>
internal sealed class NodePump(ReadableBackup backup, INodeSink sink, RunProgress progress)
{
    private const int BatchNodesMax = 8192;
    private const int BatchBlobsMax = 65_536; // One file more may go beyond it.

    public long Files { get; private set; }

    public long Bytes { get; private set; }

    public async Task RunAsync(IAsyncEnumerable<PlacedNode> nodes, CancellationToken cancellationToken)
    {
        await using var walk = nodes.GetAsyncEnumerator(cancellationToken);
        var next = Task.Run(() => ReadBatchAsync(walk), cancellationToken);
        try
        {
            while (await next is { Count: > 0 } batch)
            {
                next = Task.Run(() => ReadBatchAsync(walk), cancellationToken);
                await WriteBatchAsync(batch, cancellationToken);
            }
        }
        finally
        {
            await Task.WhenAny(next); // Its walk must not be disposed under it.
        }
    }

    private async Task<List<(PlacedNode Placed, IReadOnlyList<BlobId>? Content)>> ReadBatchAsync(IAsyncEnumerator<PlacedNode> walk)
    {
        var batch = new List<(PlacedNode, IReadOnlyList<BlobId>?)>();
        var blobs = 0;
        while (batch.Count < BatchNodesMax && blobs < BatchBlobsMax && await walk.MoveNextAsync())
        {
            var placed = walk.Current;
            var content = placed.Node.Type == NodeType.File && sink.WantsContent(placed) ? placed.Node.Content ?? [] : null;
            blobs += content?.Count ?? 0;
            batch.Add((placed, content));
        }
        return batch;
    }

    private async Task WriteBatchAsync(List<(PlacedNode Placed, IReadOnlyList<BlobId>? Content)> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Where(one => one.Content is not null).SelectMany(one => one.Content!);
        await using var blobs = backup.Blobs.ReadAsync(ids, cancellationToken).GetAsyncEnumerator(cancellationToken);
        foreach (var (placed, content) in batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await sink.BeginAsync(placed, cancellationToken);
            for (var i = 0; i < content?.Count; i++)
            {
                if (!await blobs.MoveNextAsync())
                {
                    throw new InvalidOperationException("The reader handed out fewer blobs than it was asked for.");
                }
                await sink.WriteAsync(blobs.Current, cancellationToken);
                Bytes += blobs.Current.Length;
                progress.Advance(blobs.Current.Length);
            }
            if (content is not null)
            {
                await sink.EndAsync(placed, cancellationToken);
            }
            Files += placed.Node.Type == NodeType.Directory ? 0 : 1;
        }
    }
}
