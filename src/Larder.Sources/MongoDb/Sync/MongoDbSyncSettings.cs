namespace Larder.Sources.MongoDb.Sync;

/// <summary>Which databases are kept in step, and by what. The local side is the primary.</summary>
public sealed record MongoDbSyncSettings
{
    /// <summary>The server of the local side; passwords in it are never shown.</summary>
    public required string LocalUrl { get; init; }

    /// <summary>The server of the other side.</summary>
    public required string RemoteUrl { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<DatabasePair> Databases { get; init; }

    /// <summary>The field that says which side is newer; dots lead into documents inside.</summary>
    public string Field { get; init; } = "updatedAt";

    /// <summary>
    /// Collections that are left alone: <c>collection</c> or <c>database.collection</c>, where <c>*</c> stands for any text.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Look and count, and write nothing.</summary>
    public bool IsDryRun { get; init; }
}

/// <summary>A database by its name on either side.</summary>
public sealed record DatabasePair(string Local, string Remote);
