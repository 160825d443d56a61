namespace Larder.Sources.MongoDb;

/// <summary>One collection, view, time series or list of accounts that is handed over.</summary>
internal sealed record DumpItem
{
    /// <summary>The database whose folder it goes to.</summary>
    public required string Folder { get; init; }

    /// <summary>As in the manifest: <c>database.collection</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>collection</c>, <c>view</c>, <c>timeseries</c>, <c>users</c>, <c>roles</c>, <c>version</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Null for accounts, which have no metadata.</summary>
    public MongoCollection? Collection { get; init; }

    /// <summary>Null for views, which have no documents.</summary>
    public CursorQuery? Query { get; init; }

    public string? MetadataFile => Collection is null ? null : $"{Folder}/{DumpNames.Escape(Collection.Name)}{DumpNames.MetadataSuffix}";

    public string? DataFile => Query is null
        ? null
        : Collection is null
            ? $"{Folder}/{DumpNames.AccountsPrefix}{Query.Collection}{DumpNames.BsonSuffix}"
            : $"{Folder}/{DumpNames.Escape(Collection.DataName)}{DumpNames.BsonSuffix}";

    public static DumpItem Of(MongoCollection collection, MongoMoment moment, TimeSpan? timeout)
    {
        var isSnapshot = moment.Kind == MomentKind.Snapshot && !collection.IsCapped;
        return new DumpItem
        {
            Folder = collection.Database,
            Name = collection.FullName,
            Kind = collection.Type,
            Collection = collection,
            Query = collection.IsView ? null : new CursorQuery
            {
                Database = collection.Database,
                Collection = collection.DataName,
                Moment = isSnapshot ? moment.Timestamp : null,
                Timeout = timeout,
                // With the oplog, a drop is replayed like everything else.
                ConfirmUuid = isSnapshot || moment.Kind == MomentKind.Oplog ? null : collection.DataUuid,
            },
        };
    }

    /// <summary>The users, roles or their version that belong to a database which is dumped without <c>admin</c>.</summary>
    public static DumpItem OfAccounts(string database, string collection, MongoMoment moment)
    {
        var filter = new BsonWriter();
        filter.String("db", database);
        return new DumpItem
        {
            Folder = database,
            Name = $"{database}.{DumpNames.AccountsPrefix}{collection}",
            Kind = collection["system.".Length..],
            Query = new CursorQuery
            {
                Database = "admin",
                Collection = collection,
                Filter = collection == "system.version" ? null : filter.ToArray(),
                Moment = moment.Kind == MomentKind.Snapshot ? moment.Timestamp : null,
                MayBeMissing = true,
            },
        };
    }
}
