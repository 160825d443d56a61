namespace Larder.Sources.MongoDb.Restore;

/// <summary>What kind of thing a dump holds under one name of a database.</summary>
internal enum DumpKind
{
    Collection,

    /// <summary>A definition without documents of its own.</summary>
    View,

    /// <summary>A view of a collection of buckets; the dump holds the buckets.</summary>
    TimeSeries,

    /// <summary>The functions of a database, <c>system.js</c>: a collection that nothing can be renamed to.</summary>
    Functions,
}

/// <summary>One collection, view or time series of a dump.</summary>
internal sealed record DumpCollection
{
    public required string Database { get; init; }

    /// <summary>Its true name, which its files have in an escaped and perhaps cut form.</summary>
    public required string Name { get; init; }

    public required DumpKind Kind { get; init; }

    /// <summary>The documents, or the buckets of a time series; null where the dump has none, as of a view.</summary>
    public StoredDocuments? Documents { get; init; }

    /// <summary>What <c>create</c> was told, as BSON: as <c>listCollections</c> shows it.</summary>
    public ReadOnlyMemory<byte> Options { get; init; } = Bson.Empty;

    /// <summary>As <c>listIndexes</c> shows them.</summary>
    public IReadOnlyList<byte[]> Indexes { get; init; } = [];

    public string FullName => $"{Database}.{Name}";
}

/// <summary>A file of documents, one after another.</summary>
/// <param name="Path">Inside the dump.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record StoredDocuments(EntryPath Path, long Bytes);
