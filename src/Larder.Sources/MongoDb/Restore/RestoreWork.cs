namespace Larder.Sources.MongoDb.Restore;

/// <summary>What will be done, as <see cref="RestorePlanner"/> decided it: the part of a plan that is not for people.</summary>
internal sealed record RestoreWork
{
    public required IReadOnlyList<RestoreItem> Items { get; init; }

    /// <summary>Empty where none are asked for.</summary>
    public required IReadOnlyList<StoredDocuments> Users { get; init; }

    public required IReadOnlyList<StoredDocuments> Roles { get; init; }

    /// <summary>Accounts of these databases; null for all.</summary>
    public IReadOnlySet<string>? AccountDatabases { get; init; }

    public StoredDocuments? Oplog { get; init; }

    /// <summary>Databases that are restored whole, and what they are named on the server.</summary>
    public required IReadOnlyDictionary<string, string> WholeDatabases { get; init; }

    /// <summary>All that stands in the databases that are written to, by its full name.</summary>
    public required IReadOnlyDictionary<string, ServerCollection> Standing { get; init; }

    /// <summary>Temporary collections of a restore that was cut off.</summary>
    public required IReadOnlyList<ServerCollection> Leftovers { get; init; }
}

/// <summary>One collection, view or time series to be restored, and what stands in its place.</summary>
internal sealed record RestoreItem
{
    public required DumpCollection Dumped { get; init; }

    public required string TargetDatabase { get; init; }

    /// <summary>What stands there; null where nothing does.</summary>
    public ServerCollection? Standing { get; init; }

    /// <summary>What the manifest has of it; null compares nothing but the number of documents with that of the dump.</summary>
    public EntryFacts? Recorded { get; init; }

    public string TargetName => Dumped.Name;

    public string FullTarget => $"{TargetDatabase}.{TargetName}";
}

/// <summary>Something that stands on the server under a name, as <c>listCollections</c> shows it.</summary>
internal sealed record ServerCollection(string Database, string Name, string Type, ReadOnlyMemory<byte> Options, bool HasDocuments)
{
    public bool IsView => Type == "view";

    public bool IsTimeSeries => Type == "timeseries";
}
