using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Larder.Repository.Chunking;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Writing;

/// <summary>
/// The way in: reads streams, cuts them, and lets workers hash, look up, compress, seal and pack the chunks into one or several
/// repositories. Several streams may be stored at once.
/// Memory: four batches on two cores and one for each stream beside the first, each 1.25 MiB for dumps (chunks of at most 256 KiB), 3 MiB
/// for files (of at most 2 MiB) and 6 MiB for the largest usual chunks (of at most 4 MiB), and the packs of each
/// <see cref="RepositoryWriter"/>; nothing grows with a stream but the list of its blob ids, 32 bytes a chunk.
/// </summary>
public sealed class ContentIntake : IAsyncDisposable
{
    // Large enough that handing over costs nothing, small enough that several fit into a cache.
    private const int BatchBytesMin = 1 << 20;

    // So that a batch of tiny files is handed over in time, too.
    private const int BatchChunksMax = 1024;

    // A file of 1 GB in chunks of 64 KiB: 67 bytes of JSON a chunk, four times while it is sealed and proved.
    private const int LargeTreeBlobs = 16_000;

    // Waiting between producer and workers.
    private const int QueuedBatchesMax = 1;

    private readonly IReadOnlyList<RepositoryWriter> writers;
    private readonly BufferPool<ChunkBatch> batches;
    private readonly Channel<ChunkBatch> queue = Channel.CreateBounded<ChunkBatch>(QueuedBatchesMax);
    private readonly SemaphoreSlim treeGate = new(1);
    private readonly BlobWorker treeWorker;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task[] workers;
    private readonly ConcurrentBag<Lane> free = [];
    private long readBytes;
    private int lanes;
    private volatile Exception? failure;
    private int disposed;

    /// <param name="writers">At least one. They stay the caller's, who completes and disposes them after the intake.</param>
    /// <param name="compressionLevel">A zstd level; 0 stores plain.</param>
    public ContentIntake(IReadOnlyList<RepositoryWriter> writers, int compressionLevel)
    {
        this.writers = writers;
        // One being filled, those in the queue, one at each worker.
        batches = new BufferPool<ChunkBatch>(1 + QueuedBatchesMax + WorkerCount, () => new ChunkBatch());
        treeWorker = new BlobWorker(writers, compressionLevel == 0 ? 1 : compressionLevel); // Trees are always compressed, as restic does.
        BlobWorker[] made = [.. Enumerable.Range(0, WorkerCount).Select(_ => new BlobWorker(writers, compressionLevel))];
        workers = [.. made.Select(worker => Task.Run(() => WorkAsync(worker)))];
    }

    /// <summary>Four workers outrun any disk or network that backups go to; more would only hold more memory.</summary>
    public static int WorkerCount => Math.Clamp(Environment.ProcessorCount, 2, 4);

    /// <summary>Bytes taken in so far.</summary>
    public long ReadBytes => Interlocked.Read(ref readBytes);

    /// <summary>
    /// Reads a stream to its end and hands over its chunks. The stream stays the caller's. Streams may be stored at the same time; each
    /// beside the first takes the room of one batch more.
    /// </summary>
    /// <returns>The content, whose ids may still be on their way; call <see cref="FlushAsync"/> before waiting for them.</returns>
    /// <exception cref="Exception">
    /// What the stream threw: this content is lost and the intake goes on; or what stopped the intake.
    /// </exception>
    public async ValueTask<PendingContent> StoreAsync(Stream stream, IChunker chunker, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        var lane = TakeLane();
        var content = new PendingContent();
        try
        {
            await FillAsync(lane, stream, chunker, content, cancellationToken);
        }
        catch (Exception e)
        {
            content.Fail(e);
            ThrowIfFailed();
            throw;
        }
        finally
        {
            free.Add(lane);
        }
        content.End();
        return content;
    }

    /// <summary>Stores a directory listing.</summary>
    public async Task<BlobId> StoreTreeAsync(Tree tree, CancellationToken cancellationToken)
    {
        if (tree.Nodes.Sum(node => (long)(node.Content?.Count ?? 0)) >= LargeTreeBlobs)
        {
            MakeRoom();
        }
        var json = tree.Encode();
        var id = new BlobId(Hash256.Of(json));
        await treeGate.WaitAsync(cancellationToken);
        try
        {
            ThrowIfFailed();
            await treeWorker.StoreAsync(BlobKind.Tree, id, json, cancellationToken);
        }
        catch (Exception e)
        {
            failure ??= e; // A listing that was begun and not stored must not pass for stored when it comes again.
            throw;
        }
        finally
        {
            treeGate.Release();
        }
        return id;
    }

    /// <summary>
    /// Hands over what is being filled, so that every content returned so far completes. Not while streams are being stored.
    /// </summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        foreach (var lane in free)
        {
            await FlushLaneAsync(lane, cancellationToken);
        }
        ThrowIfFailed();
    }

    /// <summary>Ends the workers and completes every writer that has not failed.</summary>
    /// <exception cref="Exception">What stopped the intake, or the first failure where every writer failed.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        queue.Writer.TryComplete();
        await Task.WhenAll(workers).WaitAsync(cancellationToken);
        ThrowIfFailed();
        treeWorker.Finish();
        foreach (var writer in writers.Where(writer => writer.Failure is null))
        {
            try
            {
                await writer.CompleteAsync(cancellationToken);
            }
            catch (RepositoryException)
            {
                // The writer keeps its failure; the other repositories still get their backup.
            }
        }
        if (writers.All(writer => writer.Failure is not null))
        {
            ExceptionDispatchInfo.Throw(writers[0].Failure!);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }
        failure ??= new OperationCanceledException();
        foreach (var lane in free)
        {
            FailContents(lane.Filling);
        }
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        await Task.WhenAll(workers);
        treeWorker.Dispose();
        treeGate.Dispose();
        batches.Dispose();
        stopping.Dispose();
    }

    private Lane TakeLane()
    {
        if (free.TryTake(out var lane))
        {
            return lane;
        }
        if (Interlocked.Increment(ref lanes) > 1)
        {
            batches.Widen(); // Or a stream could wait for the batch that another one holds and cannot fill.
        }
        return new Lane();
    }

    private async ValueTask FillAsync(
        Lane lane, Stream stream, IChunker chunker, PendingContent content, CancellationToken cancellationToken)
    {
        var batchBytes = Math.Max(BatchBytesMin, chunker.BytesMax / 2);
        var bufferBytes = batchBytes + chunker.BytesMax;
        var isEnd = false;
        if (lane.Filling is { } other && (other.Buffer.Length < bufferBytes || lane.FilledBytes >= batchBytes))
        {
            await FlushLaneAsync(lane, cancellationToken); // Streams that are cut otherwise came before.
            lane.Filling?.MakeRoom(bufferBytes);
        }
        var batch = lane.Filling ??= await RentAsync(bufferBytes, cancellationToken);
        var (start, end) = (lane.FilledBytes, lane.FilledBytes);
        while (true)
        {
            while (!isEnd && end - start < chunker.BytesMax)
            {
                var room = batch.Buffer.AsMemory(end, bufferBytes - end);
                var read = await stream.ReadAsync(room, cancellationToken);
                isEnd = read == 0;
                end += read;
                Interlocked.Add(ref readBytes, read);
            }
            if (start == end)
            {
                return;
            }

            var cut = chunker.Cut(batch.Buffer.AsSpan(start, end - start));
            batch.Add(start, cut, content);
            start += cut;
            lane.FilledBytes = start;
            if (start >= batchBytes || batch.Chunks.Count >= BatchChunksMax)
            {
                var next = await RentAsync(bufferBytes, cancellationToken);
                var tail = batch.Buffer.AsSpan(start, end - start);
                tail.CopyTo(next.Buffer);
                lane.Filling = next;
                lane.FilledBytes = 0;
                (start, end) = (0, tail.Length);
                await HandOverAsync(batch, cancellationToken);
                ThrowIfFailed(); // Before another terabyte is read for nothing.
                batch = next;
            }
        }
    }

    private async ValueTask FlushLaneAsync(Lane lane, CancellationToken cancellationToken)
    {
        if (lane.Filling is { Chunks.Count: > 0 } batch)
        {
            lane.Filling = null;
            lane.FilledBytes = 0;
            await HandOverAsync(batch, cancellationToken);
        }
        ThrowIfFailed();
    }

    /// <summary>
    /// The listing of a huge file is made in the room of packs that nobody fills by then, and of what gathering its ids left behind.
    /// </summary>
    private void MakeRoom()
    {
        foreach (var writer in writers)
        {
            writer.TrimBuffers();
        }
        GC.Collect();
    }

    private async ValueTask<ChunkBatch> RentAsync(int bufferBytes, CancellationToken cancellationToken)
    {
        // Disposing waits for nobody, so the caller's token is enough: whoever disposes has seen its streams end.
        var batch = await batches.RentAsync(cancellationToken);
        batch.MakeRoom(bufferBytes);
        return batch;
    }

    private async ValueTask HandOverAsync(ChunkBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await queue.Writer.WriteAsync(batch, cancellationToken);
        }
        catch (Exception e)
        {
            failure ??= e; // Chunks are lost, some of them perhaps of contents that others count on.
            FailContents(batch);
            ThrowIfFailed();
            throw;
        }
    }

    private async Task WorkAsync(BlobWorker worker)
    {
        using var owned = worker;
        await foreach (var batch in queue.Reader.ReadAllAsync())
        {
            try
            {
                ThrowIfFailed();
                foreach (var chunk in batch.Chunks)
                {
                    var plain = batch.Buffer.AsMemory(chunk.OffsetBytes, chunk.LengthBytes);
                    var id = new BlobId(Hash256.Of(plain.Span));
                    await worker.StoreAsync(BlobKind.Data, id, plain, stopping.Token);
                    chunk.Content.Set(chunk.Place, id);
                }
            }
            catch (Exception e)
            {
                failure ??= e;
                FailContents(batch); // And go on draining: nobody may wait for ever for a content or a batch.
            }
            batch.Clear();
            batches.Return(batch);
        }
        worker.Finish();
    }

    private void FailContents(ChunkBatch? batch)
    {
        foreach (var chunk in batch?.Chunks ?? [])
        {
            chunk.Content.Fail(failure ?? new OperationCanceledException());
        }
    }

    private void ThrowIfFailed()
    {
        if (failure is { } reason)
        {
            ExceptionDispatchInfo.Throw(reason);
        }
    }

    /// <summary>What one stream at a time fills: a batch, which the next stream goes on with.</summary>
    private sealed class Lane
    {
        public ChunkBatch? Filling { get; set; }

        public int FilledBytes { get; set; }
    }
}
