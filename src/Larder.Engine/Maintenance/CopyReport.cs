namespace Larder.Engine.Maintenance;

/// <summary>What is to be copied where.</summary>
public sealed record CopyRequest
{
    /// <summary>A repository's name in the configuration; likewise <see cref="To"/>.</summary>
    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>Names of backups in <see cref="From"/>; foreign snapshots by the beginning of their id. Empty: everything.</summary>
    public IReadOnlyList<string> Backups { get; init; } = [];
}

/// <summary>What was copied.</summary>
public sealed record CopyReport
{
    public required string RunId { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required IReadOnlyList<CopiedBackup> Copied { get; init; }

    /// <summary>How many of those asked for were in the target before.</summary>
    public required int AlreadyThere { get; init; }

    /// <summary>Bytes of content that the target did not have, before compression.</summary>
    public required long CopiedBytes { get; init; }

    public required double DurationSeconds { get; init; }

    public string ToJson() => MaintenanceJson.Write(this);
}

/// <summary>One snapshot that was copied.</summary>
/// <param name="BackupId">By which it is named in both repositories.</param>
/// <param name="SnapshotId">Of the copy, as stock restic shows it.</param>
/// <param name="Job">Null where it is not Larder's.</param>
public sealed record CopiedBackup(string BackupId, string ShortId, string SnapshotId, DateTimeOffset CreatedAt, string? Job);
