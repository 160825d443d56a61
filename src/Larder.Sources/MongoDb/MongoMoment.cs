using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>How the collections of one session come to be of one moment.</summary>
internal enum MomentKind
{
    /// <summary>They do not: each is read on its own.</summary>
    None,

    /// <summary>All are read as of <see cref="MongoMoment.Timestamp"/>.</summary>
    Snapshot,

    /// <summary>What was written from <see cref="MongoMoment.Timestamp"/> on is kept beside them.</summary>
    Oplog,
}

/// <param name="Kind">By which means.</param>
/// <param name="Timestamp">The moment of a snapshot, or where the oplog begins.</param>
/// <param name="Catalog">The collections as they were at that moment.</param>
/// <param name="Consistency">In words, for the manifest.</param>
internal sealed record MongoMoment(MomentKind Kind, ulong Timestamp, MongoCatalog Catalog, string Consistency);

/// <summary>Chooses the moment: a snapshot where it lasts, else the oplog, else none.</summary>
internal sealed class MomentChoice(
    MongoConnection connection, MongoDbSettings settings, string? urlDatabase, long? estimatedBytes)
{
    // A slow pipeline to a remote repository: what takes longer than the server keeps a snapshot is read with the oplog.
    // 300 seconds, the server's default, are then good for 3 GB.
    private const long AssumedBytesPerSecond = 10 * 1024 * 1024;
    private const int DefaultWindowSeconds = 300;
    private const int Attempts = 5;

    public async Task<MongoMoment> ChooseAsync(CancellationToken cancellationToken)
    {
        if (connection.ServerType == "Standalone")
        {
            return Without(await ReadCatalogAsync(cancellationToken), "per collection");
        }
        if (settings.Consistency != MongoDbConsistency.Oplog && await LastsAsync(cancellationToken))
        {
            if (await TakeSnapshotAsync(cancellationToken) is { } snapshot)
            {
                return snapshot;
            }
        }
        if (settings.Consistency != MongoDbConsistency.Snapshot && await BeginOplogAsync(cancellationToken) is { } oplog)
        {
            return oplog;
        }
        if (settings.Consistency == MongoDbConsistency.Automatic && await TakeSnapshotAsync(cancellationToken) is { } late)
        {
            return late; // The account may not read the oplog; the snapshot may last after all.
        }
        return settings.Consistency == MongoDbConsistency.Automatic
            ? Without(await ReadCatalogAsync(cancellationToken), "per collection")
            : throw new SourceException(
                SourceError.PermissionDenied,
                $"{connection.Host} cannot be read as of one moment by "
                + (settings.Consistency == MongoDbConsistency.Oplog ? "the oplog" : "a snapshot")
                + ": it does not offer that, or the account may not use it.");
    }

    private static MongoMoment Without(MongoCatalog catalog, string words) => new(MomentKind.None, 0, catalog, words);

    private Task<MongoCatalog> ReadCatalogAsync(CancellationToken cancellationToken) =>
        MongoCatalog.ReadAsync(connection, settings, urlDatabase, cancellationToken);

    private async Task<bool> LastsAsync(CancellationToken cancellationToken)
    {
        if (settings.Consistency == MongoDbConsistency.Snapshot || connection.ServerType == "Mongos")
        {
            return true; // There is no other way.
        }
        return (estimatedBytes ?? 0) / AssumedBytesPerSecond < await ReadWindowSecondsAsync(cancellationToken);
    }

    private async Task<long> ReadWindowSecondsAsync(CancellationToken cancellationToken)
    {
        const string parameter = "minSnapshotHistoryWindowInSeconds";
        var get = new BsonWriter();
        get.Int32("getParameter", 1);
        get.Int32(parameter, 1);
        try
        {
            return Bson.Find(await connection.RunAsync("admin", get, cancellationToken), parameter).AsInt64();
        }
        catch (MongoException error) when (error.Domain == MongoErrorDomain.Server)
        {
            return DefaultWindowSeconds; // The account may not ask, or the server is too old to know.
        }
    }

    // The list is read before and after the moment is taken. Where both are the same, it is the list of that moment.
    private async Task<MongoMoment?> TakeSnapshotAsync(CancellationToken cancellationToken)
    {
        var before = await ReadCatalogAsync(cancellationToken);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var readable = before.Collections.FirstOrDefault(item => !item.IsView && !item.IsCapped);
            if (readable is null)
            {
                return Without(before, "per collection"); // Only capped collections, views or nothing.
            }
            if (await ReadClusterTimeAsync(readable, cancellationToken) is not { } moment)
            {
                return null;
            }
            var after = await ReadCatalogAsync(cancellationToken);
            if (moment != 0 && IsSame(before, after))
            {
                return new MongoMoment(MomentKind.Snapshot, moment, after, "snapshot");
            }
            before = after;
        }
        throw new SourceException(
            SourceError.Unreachable,
            $"Collections at {connection.Host} were created or dropped all the time while their list was read, so no snapshot could be "
            + "taken.");
    }

    private static bool IsSame(MongoCatalog before, MongoCatalog after) =>
        before.Collections.Count == after.Collections.Count
        && before.Collections.Zip(after.Collections).All(pair => pair.First.IsSameAs(pair.Second));

    /// <returns>0 where the collection is not there any more; null where the server offers no snapshots.</returns>
    private async Task<ulong?> ReadClusterTimeAsync(MongoCollection collection, CancellationToken cancellationToken)
    {
        const int unsupportedReadConcern = 148; // ReadConcernMajorityNotEnabled
        const int illegalOperation = 20;
        var find = new BsonWriter();
        find.String("find", collection.DataName);
        find.Int32("limit", 1);
        find.Boolean("singleBatch", true);
        find.StartDocument("readConcern");
        find.String("level", "snapshot");
        find.End();
        try
        {
            var reply = await connection.RunAsync(collection.Database, find, cancellationToken);
            var time = Bson.FindPath(reply, "cursor.atClusterTime");
            return time.IsPresent ? time.AsTimestamp() : 0;
        }
        catch (MongoException error) when (error.Domain == MongoErrorDomain.Server
            && error.Code is MongoErrors.InvalidOptions or MongoErrors.SnapshotUnavailable or unsupportedReadConcern or illegalOperation)
        {
            return null;
        }
        catch (MongoException error)
        {
            throw MongoErrors.Describe(error, $"The collection {collection.FullName} cannot be read", connection.Host);
        }
    }

    private async Task<MongoMoment?> BeginOplogAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await Oplog.ReadStartAsync(connection, cancellationToken) is not { } start)
            {
                return null;
            }
            var catalog = await ReadCatalogAsync(cancellationToken);
            return new MongoMoment(MomentKind.Oplog, start, catalog, "oplog");
        }
        catch (MongoException error) when (error.Domain == MongoErrorDomain.Server)
        {
            return null; // There is none, or the account may not read it.
        }
    }
}
