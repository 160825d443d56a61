namespace Larder.Sources.MongoDb;

/// <summary>A collection, view or time series as a server lists it.</summary>
internal sealed record MongoCollection
{
    public required string Database { get; init; }

    public required string Name { get; init; }

    /// <summary><c>collection</c>, <c>view</c> or <c>timeseries</c>.</summary>
    public required string Type { get; init; }

    public required byte[] Options { get; init; }

    /// <summary>32 hexadecimal digits; null for views and time series.</summary>
    public string? Uuid { get; init; }

    /// <summary>The UUID of where its documents lie; null for views.</summary>
    public string? DataUuid { get; init; }

    public bool IsView => Type == "view";

    public bool IsTimeSeries => Type == "timeseries";

    /// <summary>Whether its oldest documents give way to new ones. The server cannot read such a collection as of a moment.</summary>
    public bool IsCapped => Bson.Find(Options, "capped").AsBoolean();

    /// <summary>Whether it is the server's own, gone with the operation that made it.</summary>
    public bool IsTemporary => Bson.Find(Options, "temp").AsBoolean();

    /// <summary>Where its documents lie: those of a time series in its buckets.</summary>
    public string DataName => IsTimeSeries ? DumpNames.BucketsPrefix + Name : Name;

    public string FullName => $"{Database}.{Name}";

    /// <summary>Whether it is the same collection with the same options, and not one of the same name.</summary>
    public bool IsSameAs(MongoCollection other) =>
        FullName == other.FullName && Type == other.Type && DataUuid == other.DataUuid && Options.AsSpan().SequenceEqual(other.Options);

    public static MongoCollection Parse(string database, ReadOnlySpan<byte> listed)
    {
        var uuid = Bson.FindPath(listed, "info.uuid");
        var options = Bson.Find(listed, "options");
        var id = uuid.IsPresent ? Convert.ToHexStringLower(uuid.AsBinary(out _)) : null;
        return new MongoCollection
        {
            Database = database,
            Name = Bson.FindString(listed, "name") ?? "",
            Type = Bson.FindString(listed, "type") ?? "collection",
            Options = options.IsDocument ? options.Value.ToArray() : Bson.Empty.ToArray(),
            Uuid = id,
            DataUuid = id,
        };
    }
}
