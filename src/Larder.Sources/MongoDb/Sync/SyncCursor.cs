using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.MongoDb.Sync;

/// <summary>
/// Reads a cursor batch by batch, while the same connection does other things in between. Disposed before its end, it tells the server.
/// </summary>
/// <remarks>Memory: one answer of the server, 16 MiB at most, and its documents.</remarks>
internal sealed class SyncCursor(RestoreConnection connection, FullName name, Action<BsonWriter> more) : IAsyncDisposable
{
    /// <summary>Of so many documents at once the ids are asked for on the other side: 1000 ids of 12 bytes are 20 KiB.</summary>
    private const int BatchDocuments = 1000;

    private bool hasBegun;
    private long cursor;

    /// <summary>The next documents, copied; null at the end. May be an empty list before.</summary>
    public async Task<IReadOnlyList<byte[]>?> NextAsync(CancellationToken cancellationToken)
    {
        if (hasBegun && cursor == 0)
        {
            return null;
        }
        var reply = await connection.RunAsync(name.Database, hasBegun ? WriteMore : WriteFind, $"could not read {name}", cancellationToken);
        var batch = Bson.FindPath(reply, hasBegun ? "cursor.nextBatch" : "cursor.firstBatch").AsDocument();
        cursor = Bson.FindPath(reply, "cursor.id").AsInt64();
        hasBegun = true;
        return Bson.CopyDocuments(batch);
    }

    public async ValueTask DisposeAsync()
    {
        if (cursor == 0)
        {
            return;
        }
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
        try
        {
            await connection.RunAsync(
                name.Database,
                kill =>
                {
                    kill.String("killCursors", name.Name);
                    kill.StartArray("cursors");
                    kill.Int64(null, cursor);
                    kill.End();
                },
                "could not end a cursor",
                patience.Token);
        }
        catch (Exception error) when (error is SourceException or OperationCanceledException or ObjectDisposedException)
        {
            // It ends with its session, when the connection is closed.
        }
    }

    private void WriteFind(BsonWriter find)
    {
        find.String("find", name.Name);
        more(find);
        find.Int32("batchSize", BatchDocuments);
    }

    private void WriteMore(BsonWriter next)
    {
        next.Int64("getMore", cursor);
        next.String("collection", name.Name);
        next.Int32("batchSize", BatchDocuments);
    }
}
