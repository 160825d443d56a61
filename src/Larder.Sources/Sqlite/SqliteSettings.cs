namespace Larder.Sources.Sqlite;

/// <summary>A database in use, to be backed up.</summary>
public sealed record SqliteSettings
{
    /// <summary>The database file.</summary>
    public required string Path { get; init; }

    /// <summary>How long to wait for a program that holds the database exclusively.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
