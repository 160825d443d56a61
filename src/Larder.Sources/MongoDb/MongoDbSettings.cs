namespace Larder.Sources.MongoDb;

/// <summary>Which databases of which MongoDB server, and how they are read.</summary>
public sealed record MongoDbSettings
{
    /// <summary><c>mongodb://…</c> or <c>mongodb+srv://…</c>, with options of TLS and of accounts as MongoDB's drivers know them.</summary>
    public required string Url { get; init; }

    /// <summary>Databases by name. Where it is empty, the database that the URL names, and where it names none, all of them.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>All databases, whatever the URL names: with users and roles, without <c>local</c> and <c>config</c>.</summary>
    public bool AllDatabases { get; init; }

    /// <summary>Collections that are left out: <c>database.collection</c>, where <c>*</c> stands for any text.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>
    /// <c>primary</c>, <c>primaryPreferred</c>, <c>secondary</c>, <c>secondaryPreferred</c> or <c>nearest</c>; null is what the URL says,
    /// or the primary.
    /// </summary>
    public string? ReadPreference { get; init; }

    public MongoDbConsistency Consistency { get; init; } = MongoDbConsistency.Automatic;

    /// <summary>How long one operation of the server may take; null for as long as it needs.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>How all collections come to be of one moment. A standalone server can do neither.</summary>
public enum MongoDbConsistency
{
    /// <summary>A snapshot where it will last long enough for the size of the databases, otherwise the oplog.</summary>
    Automatic,

    /// <summary>All is read as it stood at one moment, which the server keeps readable for some minutes.</summary>
    Snapshot,

    /// <summary>What was written meanwhile is kept beside the data and replayed by the restore.</summary>
    Oplog,
}
