using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>
/// The log of a replica set's writes: where to begin so that nothing is missing, and whether it still reaches back to there.
/// </summary>
internal static class Oplog
{
    public const string Database = "local";
    public const string Collection = "oplog.rs";

    /// <summary>
    /// The time after the newest entry, or of the first entry of the oldest transaction that is under way; null where there is no oplog.
    /// Fails with <see cref="MongoException"/>.
    /// </summary>
    public static async Task<ulong?> ReadStartAsync(MongoConnection connection, CancellationToken cancellationToken)
    {
        if (await ReadNewestAsync(connection, cancellationToken) is not { } newest)
        {
            return null;
        }
        // Writes with earlier times may not be through yet. A read in the order of the oplog waits for them, so that whatever is not in
        // the entries after this one is in the collections.
        var wait = new BsonWriter();
        wait.String("find", Collection);
        wait.Document("filter", Between(newest, newest));
        wait.Int32("limit", 1);
        wait.Boolean("singleBatch", true);
        await connection.RunAsync(Database, wait, cancellationToken);

        var start = newest + 1;
        foreach (var transaction in await connection.ListAsync("config", FindOpenTransactions(), cancellationToken))
        {
            var began = Bson.FindPath(transaction, "startOpTime.ts");
            start = began.IsPresent ? Math.Min(start, began.AsTimestamp()) : start;
        }
        return start;
    }

    /// <summary>The time of the newest entry; null where there is none.</summary>
    public static Task<ulong?> ReadNewestAsync(MongoConnection connection, CancellationToken cancellationToken) =>
        ReadTimeAsync(connection, last: true, cancellationToken);

    /// <summary>Fails with <see cref="SourceException"/> where entries since the start were overwritten.</summary>
    public static async Task CheckReachesBackAsync(MongoConnection connection, ulong start, CancellationToken cancellationToken)
    {
        if (await ReadTimeAsync(connection, last: false, cancellationToken) is not { } oldest || oldest > start)
        {
            throw new SourceException(
                SourceError.TimedOut,
                $"The oplog of {connection.Host} is too small: what was written when the backup began was overwritten before it ended. "
                + "Give the replica set a larger oplog.");
        }
    }

    /// <summary>All entries from one time to another, both included.</summary>
    public static byte[] Between(ulong start, ulong end)
    {
        var filter = new BsonWriter();
        filter.StartDocument("ts");
        filter.Timestamp("$gte", start);
        filter.Timestamp("$lte", end);
        filter.End();
        return filter.ToArray();
    }

    private static BsonWriter FindOpenTransactions()
    {
        var find = new BsonWriter();
        find.String("find", "transactions");
        find.StartDocument("filter");
        find.StartDocument("state");
        find.StartArray("$in");
        find.String(null, "prepared");
        find.String(null, "inProgress");
        find.End();
        find.End();
        find.End();
        return find;
    }

    private static async Task<ulong?> ReadTimeAsync(MongoConnection connection, bool last, CancellationToken cancellationToken)
    {
        var entry = await connection.FindOneAsync(Database, Collection, last, cancellationToken);
        return entry is null ? null : Bson.Find(entry, "ts").AsTimestamp();
    }
}
