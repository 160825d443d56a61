using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Larder.Repository.Chunking;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Writing;

/// <summary>
/// The way in: reads streams, cuts them, and lets workers hash, look up, compress, seal and pack the chunks into one or several repositories.
/// One producer at a time calls it. Memory: batches of at most 2 x the longest chunk (512 KiB for dumps, 4 MiB for files; five of them on two
/// cores) and the packs of each <see cref="RepositoryWriter"/>; nothing grows with the size of a stream but the list of its blob ids, 32 bytes a chunk.
/// </summary>
public sealed class ContentIntake : IAsyncDisposable
{
    // Large enough that handing over costs nothing, small enough that several fit into a cache.
    private const int BatchBytesMin = 1 << 20;

    // So that a batch of tiny files is handed over in time, too.
    private const int BatchChunksMax = 1024;

    // Waiting between producer and workers.
    private const int QueuedBatchesMax = 2;

    private readonly IReadOnlyList<RepositoryWriter> writers;
    private readonly BufferPool<ChunkBatch> batches;
    private readonly Channel<ChunkBatch> queue = Channel.CreateBounded<ChunkBatch>(QueuedBatchesMax);
    private readonly SemaphoreSlim treeGate = new(1);
    private readonly BlobWorker treeWorker;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task[] workers;
    private ChunkBatch? filling;
    private int filledBytes;
    private Exception? failure;

    /// <param name="writers">At least one. They stay the caller's, who completes and disposes them after the intake.</param>
    /// <param name="compressionLevel">A zstd level; 0 stores plain.</param>
    public ContentIntake(IReadOnlyList<RepositoryWriter> writers, int compressionLevel)
    {
        this.writers = writers;
        // One being filled, those in the queue, one at each worker.
        batches = new BufferPool<ChunkBatch>(1 + QueuedBatchesMax + WorkerCount, () => new ChunkBatch(2 * Math.Max(BatchBytesMin, ChunkSizes.BytesMax)));
        treeWorker = new BlobWorker(writers, compressionLevel == 0 ? 1 : compressionLevel); // Trees are always compressed, as restic does.
        workers = [.. Enumerable.Range(0, WorkerCount).Select(_ => Task.Run(() => WorkAsync(compressionLevel)))];
    }

    /// <summary>Four workers outrun any disk or network that backups go to; more would only hold more memory.</summary>
    public static int WorkerCount => Math.Clamp(Environment.ProcessorCount, 2, 4);

    /// <summary>Bytes taken in so far.</summary>
    public long ReadBytes { get; private set; }

    /// <summary>Reads a stream to its end and hands over its chunks. The stream stays the caller's.</summary>
    /// <returns>The content, whose ids may still be on their way; call <see cref="FlushAsync"/> before waiting for them.</returns>
    /// <exception cref="Exception">What the stream threw: this content is lost and the intake goes on; or what stopped the intake.</exception>
    public async ValueTask<PendingContent> StoreAsync(Stream stream, IChunker chunker, CancellationToken cancellationToken)
    {
        var content = new PendingContent();
        var batchBytes = Math.Max(BatchBytesMin, chunker.BytesMax);
        var isEnd = false;
        try
        {
            var batch = filling ??= await batches.RentAsync(stopping.Token);
            var (start, end) = (filledBytes, filledBytes);
            while (true)
            {
                while (!isEnd && end - start < chunker.BytesMax)
                {
                    var room = batch.Buffer.AsMemory(end, Math.Min(batchBytes + chunker.BytesMax, batch.Buffer.Length) - end);
                    var read = await stream.ReadAsync(room, cancellationToken);
                    isEnd = read == 0;
                    end += read;
                    ReadBytes += read;
                }
                if (start == end)
                {
                    break;
                }

                var cut = chunker.Cut(batch.Buffer.AsSpan(start, end - start));
                batch.Add(start, cut, content);
                start += cut;
                filledBytes = start;
                if (start >= batchBytes || batch.Chunks.Count >= BatchChunksMax)
                {
                    var next = await batches.RentAsync(stopping.Token);
                    var tail = batch.Buffer.AsSpan(start, end - start);
                    tail.CopyTo(next.Buffer);
                    filling = next;
                    filledBytes = 0;
                    (start, end) = (0, tail.Length);
                    await HandOverAsync(batch);
                    batch = next;
                }
            }
        }
        catch (Exception e)
        {
            ThrowIfFailed();
            content.Fail(e);
            throw;
        }
        content.End();
        return content;
    }

    /// <summary>Stores a directory listing.</summary>
    public async Task<BlobId> StoreTreeAsync(Tree tree, CancellationToken cancellationToken)
    {
        var json = tree.Encode();
        var id = new BlobId(Hash256.Of(json));
        await treeGate.WaitAsync(cancellationToken);
        try
        {
            await treeWorker.StoreAsync(BlobKind.Tree, id, json, cancellationToken);
        }
        finally
        {
            treeGate.Release();
        }
        return id;
    }

    /// <summary>Hands over the batch that is being filled, so that every content returned so far completes.</summary>
    public async ValueTask FlushAsync()
    {
        if (filling is { Chunks.Count: > 0 } batch)
        {
            filling = null;
            filledBytes = 0;
            await HandOverAsync(batch);
        }
        ThrowIfFailed();
    }

    /// <summary>Ends the workers and completes every writer that has not failed.</summary>
    /// <exception cref="Exception">What stopped the intake, or the first failure where every writer failed.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await FlushAsync();
        queue.Writer.TryComplete();
        await Task.WhenAll(workers);
        ThrowIfFailed();
        treeWorker.Finish();
        foreach (var writer in writers.Where(writer => writer.Failure is null))
        {
            try
            {
                await writer.CompleteAsync(cancellationToken);
            }
            catch (RepositoryException e)
            {
                writer.Fail(e); // The other repositories still get their backup.
            }
        }
        if (writers.All(writer => writer.Failure is not null))
        {
            ExceptionDispatchInfo.Throw(writers[0].Failure!);
        }
    }

    public async ValueTask DisposeAsync()
    {
        failure ??= new OperationCanceledException();
        FailContents(filling);
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        await Task.WhenAll(workers);
        treeWorker.Dispose();
        treeGate.Dispose();
        batches.Dispose();
        stopping.Dispose();
    }

    private async ValueTask HandOverAsync(ChunkBatch batch)
    {
        try
        {
            await queue.Writer.WriteAsync(batch, stopping.Token);
        }
        catch
        {
            FailContents(batch);
            ThrowIfFailed();
            throw;
        }
    }

    private async Task WorkAsync(int compressionLevel)
    {
        using var worker = new BlobWorker(writers, compressionLevel);
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
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}
