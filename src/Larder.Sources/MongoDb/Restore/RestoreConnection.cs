using Larder.Sources.Native;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>One connection to the server that is restored into. Failures of every call are <see cref="SourceException"/>s.</summary>
internal sealed class RestoreConnection(MongoConnection connection, string hosts) : IAsyncDisposable
{
    /// <summary>A sharded cluster is spoken to through a router, which keeps no oplog and cannot apply one.</summary>
    public bool IsRouter => connection.ServerType == "Mongos";

    /// <summary>Runs one command and returns a copy of the answer.</summary>
    /// <param name="database">Where.</param>
    /// <param name="command">What.</param>
    /// <param name="doing">For the error, after the name of the server: <c>could not create shop.orders</c>.</param>
    public async Task<byte[]> RunAsync(
        string database, ReadOnlyMemory<byte> command, string doing, CancellationToken cancellationToken)
    {
        try
        {
            using var reply = await connection.RunAsync(database, command, cancellationToken);
            return reply.ToArray();
        }
        catch (MongoException error)
        {
            throw RestoreErrors.Describe(error, hosts, doing);
        }
    }

    public Task<byte[]> RunAsync(string database, Action<BsonWriter> write, string doing, CancellationToken cancellationToken)
    {
        var writer = new BsonWriter();
        write(writer);
        return RunAsync(database, writer.ToMemory(), doing, cancellationToken);
    }

    /// <summary>Hands the documents of a cursor to <paramref name="take"/>, batch by batch, until there are no more.</summary>
    public async Task ReadCursorAsync(
        string database, Action<BsonWriter> write, string doing, DocumentAction take, CancellationToken cancellationToken)
    {
        try
        {
            var writer = new BsonWriter();
            write(writer);
            var command = writer.ToMemory();
            for (var batch = "cursor.firstBatch"; ; batch = "cursor.nextBatch")
            {
                using var reply = await connection.RunAsync(database, command, cancellationToken);
                foreach (var document in new BsonReader(Bson.FindPath(reply.Bytes, batch).AsDocument()))
                {
                    take(document.AsDocument());
                }
                var cursor = Bson.FindPath(reply.Bytes, "cursor.id").AsInt64();
                if (cursor == 0)
                {
                    return;
                }
                var name = Bson.FindString(reply.Bytes, "cursor.ns")!;
                var more = new BsonWriter();
                more.Int64("getMore", cursor);
                more.String("collection", name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
                command = more.ToMemory();
            }
        }
        catch (MongoException error)
        {
            throw RestoreErrors.Describe(error, hosts, doing);
        }
    }

    public async Task<List<byte[]>> ListAsync(
        string database, Action<BsonWriter> write, string doing, CancellationToken cancellationToken)
    {
        var documents = new List<byte[]>();
        await ReadCursorAsync(database, write, doing, document => documents.Add(document.ToArray()), cancellationToken);
        return documents;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    /// <summary>Looks at one document, which is gone when it returns.</summary>
    public delegate void DocumentAction(ReadOnlySpan<byte> document);
}
