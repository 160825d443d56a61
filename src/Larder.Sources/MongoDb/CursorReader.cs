using System.Runtime.InteropServices;
using System.Threading.Channels;
using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>What a cursor reads, and how.</summary>
internal sealed record CursorQuery
{
    public required string Database { get; init; }

    public required string Collection { get; init; }

    /// <summary>As BSON; null for all documents.</summary>
    public byte[]? Filter { get; init; }

    /// <summary>The moment as of which all is read; null for the present.</summary>
    public ulong? Moment { get; init; }

    /// <summary>How long the server may work on it in all; null without limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether it may be missing, which then reads as empty.</summary>
    public bool MayBeMissing { get; init; }

    /// <summary>The collection's UUID, asked for again after the last document where that is the only way to hear of a drop.</summary>
    public string? ConfirmUuid { get; init; }

    /// <summary>Picks documents of a batch; null takes them as they are.</summary>
    public Func<ReadOnlyMemory<byte>, DocumentBatch>? Pick { get; init; }

    public string FullName => $"{Database}.{Collection}";
}

/// <summary>
/// Reads one cursor to its end: while a batch is consumed, the next is hashed and one more is on its way. Nothing but the first batch is
/// asked for before <see cref="GoOn"/>. Disposing ends the cursor on the server.
/// </summary>
internal sealed class CursorReader : IAsyncDisposable
{
    // One being consumed, one waiting, one hashed, one on its way: 4 batches of 4 MiB. Where single documents are so large that batches
    // reach 16 MiB, none is on its way before the last has found its place: 3 of 16 MiB.
    private const int BatchBytes = 4 * 1024 * 1024;
    private const int FirstBatchDocuments = 1000;
    private const int BatchDocumentsMax = 100_000;

    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromMinutes(5); // Sessions that are silent for 30 minutes are ended.

    private readonly MongoConnection connection;
    private readonly CursorQuery query;
    private readonly Channel<DocumentBatch> batches = Channel.CreateBounded<DocumentBatch>(1);
    private readonly TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource disposal = new();
    private readonly FingerprintBuilder fingerprint = new();
    private readonly Task reading;
    private long cursor;
    private bool disposed;

    public CursorReader(MongoConnection connection, CursorQuery query)
    {
        this.connection = connection;
        this.query = query;
        reading = Task.Run(ReadAsync);
    }

    /// <summary>Bytes of the batches that were taken.</summary>
    public long Bytes { get; private set; }

    /// <summary>Of the batches that were taken.</summary>
    public Fingerprint Fingerprint => fingerprint.ToFingerprint();

    public bool IsAtEnd { get; private set; }

    /// <summary>Its turn has come: it reads on.</summary>
    public void GoOn() => turn.TrySetResult();

    /// <summary>The next documents, which the caller disposes; null at the end. Fails with <see cref="SourceException"/>.</summary>
    public async ValueTask<DocumentBatch?> TakeAsync(CancellationToken cancellationToken)
    {
        GoOn();
        while (await batches.Reader.WaitToReadAsync(cancellationToken))
        {
            if (batches.Reader.TryRead(out var batch))
            {
                Bytes += batch.Bytes.Length;
                fingerprint.Add(batch.Fingerprint);
                return batch;
            }
        }
        IsAtEnd = true;
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        await disposal.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (batches.Reader.TryRead(out var batch))
        {
            batch.Dispose();
        }
        disposal.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await ReadBatchesAsync();
            await ConfirmAsync();
            batches.Writer.Complete();
        }
        catch (Exception error)
        {
            batches.Writer.Complete(Describe(error));
        }
        await EndCursorAsync();
    }

    private async Task ReadBatchesAsync()
    {
        var answer = await connection.RunAsync(query.Database, Find(), disposal.Token);
        CheckPresence(answer);
        var size = FirstBatchDocuments;
        for (var isFirst = true; ; isFirst = false)
        {
            cursor = Bson.FindPath(answer.Bytes, "cursor.id").AsInt64();
            var goesOn = cursor != 0 && !isFirst && answer.Memory.Length <= 2 * BatchBytes;
            var next = goesOn ? connection.RunAsync(query.Database, GetMore(size), disposal.Token) : null;
            try
            {
                var batch = Prepare(answer, isFirst);
                size = NextBatchDocuments(batch);
                await WriteAsync(batch);
            }
            catch when (next is not null)
            {
                await AbandonAsync(next);
                throw;
            }
            if (cursor == 0)
            {
                return;
            }
            if (next is null)
            {
                await WaitAsync(turn.Task);
                next = connection.RunAsync(query.Database, GetMore(size), disposal.Token);
            }
            answer = await next;
        }
    }

    private DocumentBatch Prepare(MongoReply answer, bool isFirst)
    {
        try
        {
            var bytes = answer.Bytes;
            var array = Bson.FindPath(bytes, isFirst ? "cursor.firstBatch" : "cursor.nextBatch").AsDocument();
            var offset = OffsetOf(array, bytes);
            if (query.Pick is not { } pick)
            {
                return DocumentBatch.Take(answer, offset, array.Length);
            }
            using (answer)
            {
                return pick(answer.Memory.Slice(offset, array.Length));
            }
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static int OffsetOf(ReadOnlySpan<byte> part, ReadOnlySpan<byte> whole) =>
        (int)System.Runtime.CompilerServices.Unsafe.ByteOffset(
            ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));

    private async Task WriteAsync(DocumentBatch batch)
    {
        try
        {
            await WaitAsync(batches.Writer.WriteAsync(batch, disposal.Token).AsTask());
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private static async Task AbandonAsync(Task<MongoReply> next)
    {
        try
        {
            (await next).Dispose();
        }
        catch (Exception error) when (error is MongoException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody waits for it any more.
        }
    }

    // Whoever consumes may take hours over a batch. The server is told now and then that this session is still in use.
    private async Task WaitAsync(Task task)
    {
        while (await Task.WhenAny(task, Task.Delay(KeepAliveInterval, TimeProvider.System, disposal.Token)) != task)
        {
            disposal.Token.ThrowIfCancellationRequested();
            await connection.RunAsync("admin", "ping", disposal.Token);
        }
        await task;
    }

    // A collection that is not there reads as empty. As of a moment the server says which of the two it was, by repeating the moment.
    private void CheckPresence(MongoReply answer)
    {
        if (query.Moment is not null && !query.MayBeMissing && !Bson.FindPath(answer.Bytes, "cursor.atClusterTime").IsPresent)
        {
            answer.Dispose();
            throw Vanished();
        }
    }

    private async Task ConfirmAsync()
    {
        if (query.ConfirmUuid is not { } uuid)
        {
            return;
        }
        var list = new BsonWriter();
        list.Int32("listCollections", 1);
        list.StartDocument("filter");
        list.String("name", query.Collection);
        list.End();
        var found = await connection.ListAsync(query.Database, list, disposal.Token);
        if (!found.Any(item => MongoCollection.Parse(query.Database, item).Uuid == uuid))
        {
            throw Vanished();
        }
    }

    private SourceException Vanished() => new(
        SourceError.NotFound, $"The collection {query.FullName} was dropped or renamed while the backup was reading, so it is not whole.");

    private Exception Describe(Exception error) => error switch
    {
        MongoException failure => MongoErrors.Describe(failure, $"The collection {query.FullName} cannot be read", connection.Host),
        BsonException failure => new SourceException(
            SourceError.Damaged, $"The server sent something of {query.FullName} that is not BSON: {failure.Message}", failure),
        _ => error,
    };

    private async Task EndCursorAsync()
    {
        if (cursor == 0)
        {
            return;
        }
        var kill = new BsonWriter();
        kill.String("killCursors", query.Collection);
        kill.StartArray("cursors");
        kill.Int64(null, cursor);
        kill.End();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
        try
        {
            await connection.RunAsync(query.Database, kill, patience.Token);
        }
        catch (Exception error) when (error is MongoException or OperationCanceledException or ObjectDisposedException)
        {
            // It ends with its session, when the connection is closed or the server finds the session silent.
        }
    }

    private ReadOnlyMemory<byte> Find()
    {
        var find = new BsonWriter();
        find.String("find", query.Collection);
        if (query.Filter is not null)
        {
            find.Document("filter", query.Filter);
        }
        find.Int32("batchSize", FirstBatchDocuments);
        find.Boolean("noCursorTimeout", true); // The session's own time-out remains, and keeps what a dead client leaves from staying.
        if (query.Timeout is { } timeout)
        {
            find.Int64("maxTimeMS", Math.Max(1, (long)timeout.TotalMilliseconds));
        }
        if (query.Moment is { } moment)
        {
            find.StartDocument("readConcern");
            find.String("level", "snapshot");
            find.Timestamp("atClusterTime", moment);
            find.End();
        }
        return find.ToMemory();
    }

    private ReadOnlyMemory<byte> GetMore(int documents)
    {
        var more = new BsonWriter();
        more.Int64("getMore", cursor);
        more.String("collection", query.Collection);
        more.Int32("batchSize", documents);
        return more.ToMemory();
    }

    private static int NextBatchDocuments(DocumentBatch batch) => batch.Bytes.IsEmpty
        ? FirstBatchDocuments
        : (int)Math.Clamp(BatchBytes * batch.Fingerprint.Rows / batch.Bytes.Length, 1, BatchDocumentsMax);
}
