using Larder.Sources.Exchanges;

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

    /// <summary>Gives names to collections that the dump's oplog turns out to create.</summary>
    public required RestoreNames Names { get; init; }
}

/// <summary>One collection, view or time series to be restored, and what stands in its place.</summary>
internal sealed record RestoreItem
{
    public required DumpCollection Dumped { get; init; }

    public required string TargetDatabase { get; init; }

    /// <summary>What it will be called.</summary>
    public required string TargetName { get; init; }

    /// <summary>What the restored one is called until the exchange, and what the replaced one is called from then on.</summary>
    public required (string Beside, string Old) Names { get; init; }

    /// <summary>What stands there; null where nothing does.</summary>
    public ServerCollection? Standing { get; init; }

    /// <summary>What the manifest has of it; null compares nothing but the number of documents with that of the dump.</summary>
    public EntryFacts? Recorded { get; init; }

    public string FullTarget => Target.ToString();

    public FullName Target => new(TargetDatabase, TargetName);

    public FullName Beside => new(TargetDatabase, Names.Beside);

    public FullName Old => new(TargetDatabase, Names.Old);

    public ExchangePart ToPart() => new()
    {
        Kind = Dumped.Kind switch
        {
            DumpKind.View => "view",
            DumpKind.TimeSeries => "timeseries",
            DumpKind.Functions => "functions",
            _ => "collection",
        },
        Live = FullTarget,
        Beside = Beside.ToString(),
        Old = Standing is null ? null : Old.ToString(),
    };
}

/// <summary>Something that stands on the server under a name, as <c>listCollections</c> shows it.</summary>
internal sealed record ServerCollection(string Database, string Name, string Type, ReadOnlyMemory<byte> Options, bool HasDocuments)
{
    public bool IsView => Type == "view";

    public bool IsTimeSeries => Type == "timeseries";
}
