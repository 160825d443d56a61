using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>Commands whose answers are small, put together for their callers.</summary>
internal static class MongoCommands
{
    /// <summary>Runs a command and copies its answer.</summary>
    public static async Task<byte[]> RunAsync(
        this MongoConnection connection, string database, BsonWriter command, CancellationToken cancellationToken)
    {
        using var reply = await connection.RunAsync(database, command.ToMemory(), cancellationToken);
        return reply.ToArray();
    }

    /// <summary>Runs a command without parameters, such as <c>{ping: 1}</c>.</summary>
    public static Task<byte[]> RunAsync(
        this MongoConnection connection, string database, string command, CancellationToken cancellationToken)
    {
        var writer = new BsonWriter();
        writer.Int32(command, 1);
        return connection.RunAsync(database, writer, cancellationToken);
    }

    /// <summary>All documents of a cursor that a command opens; for lists that fit in memory.</summary>
    public static async Task<List<byte[]>> ListAsync(
        this MongoConnection connection, string database, BsonWriter command, CancellationToken cancellationToken)
    {
        var reply = await connection.RunAsync(database, command, cancellationToken);
        var documents = Bson.CopyDocuments(Bson.FindPath(reply, "cursor.firstBatch").AsDocument());
        // "database.collection", where only the first dot parts, since databases have none.
        var space = Bson.FindString(reply, "cursor.ns") ?? "";
        for (var id = CursorOf(reply); id != 0; id = CursorOf(reply))
        {
            var more = new BsonWriter();
            more.Int64("getMore", id);
            more.String("collection", space[(space.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            reply = await connection.RunAsync(database, more, cancellationToken);
            documents.AddRange(Bson.CopyDocuments(Bson.FindPath(reply, "cursor.nextBatch").AsDocument()));
        }
        return documents;

        static long CursorOf(byte[] reply) => Bson.FindPath(reply, "cursor.id").AsInt64();
    }

    /// <summary>The first document that a query finds in natural order, or the last; null where there is none.</summary>
    public static async Task<byte[]?> FindOneAsync(
        this MongoConnection connection, string database, string collection, bool last, CancellationToken cancellationToken)
    {
        var find = new BsonWriter();
        find.String("find", collection);
        find.StartDocument("sort");
        find.Int32("$natural", last ? -1 : 1);
        find.End();
        find.Int32("limit", 1);
        find.Boolean("singleBatch", true);
        var reply = await connection.RunAsync(database, find, cancellationToken);
        return Bson.CopyDocuments(Bson.FindPath(reply, "cursor.firstBatch").AsDocument()).FirstOrDefault();
    }
}
