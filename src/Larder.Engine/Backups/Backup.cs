using System.Text.Json.Serialization;
using Larder.Engine.Retention;
using Larder.Repository;

namespace Larder.Engine.Backups;

/// <summary>One restore point, as `list` shows it: what its snapshot and its manifest say together, wherever copies of it are.</summary>
public sealed record Backup
{
    /// <summary>
    /// The id by which it was first known, 64 hex digits. Copies and rewritten snapshots have other ids but are the same backup.
    /// </summary>
    public required string BackupId { get; init; }

    /// <summary>Where it is. Never empty.</summary>
    public required IReadOnlyList<BackupPlace> Places { get; init; }

    public string ShortId => BackupId[..8];

    public required string Timestamp { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string Job { get; init; }

    public required BackupStatus Status { get; init; }

    /// <summary>Set from a retention plan; null until then, and where it fills no slot.</summary>
    public BackupCategory? Category { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public bool Pinned { get; init; }

    /// <summary>See <see cref="BackupTags.Safety"/>.</summary>
    [JsonIgnore]
    public bool IsSafety { get; init; }

    /// <summary>How its last drill ended; null where there was none.</summary>
    public DrillVerdict? Drill { get; init; }

    public string? CreatedBy { get; init; }

    public IReadOnlyList<BackupSource> Sources { get; init; } = [];

    /// <summary>Bytes that a full restore writes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Bytes that this backup added to the repository it was first written to; null where the snapshot does not say.</summary>
    public long? AddedBytes { get; init; }

    public double DurationSeconds { get; init; }

    public string? GitCommit { get; init; }

    public string? GitBranch { get; init; }

    /// <summary>What was left out and why; and that the manifest could not be read, where that is so.</summary>
    public IReadOnlyList<ManifestWarning> Warnings { get; init; } = [];

    /// <summary>The names of the repositories that it is in, each once.</summary>
    public IEnumerable<string> Repositories => Places.Select(place => place.Repository).Distinct(StringComparer.Ordinal);

    public RetentionCandidate ToCandidate() => new()
    {
        BackupId = BackupId,
        Job = Job,
        CreatedAt = CreatedAt,
        IsGood = Status == BackupStatus.Success,
        IsPinned = Pinned,
        PassedDrill = Drill == DrillVerdict.Success,
    };
}

/// <summary>A snapshot of a backup. After a crash while rewriting, a repository may hold two.</summary>
public sealed record BackupPlace(string Repository, SnapshotId SnapshotId);

/// <summary>A source as `list` sums it up. <paramref name="Rows"/> is null where nothing was counted.</summary>
public sealed record BackupSource(string Name, string Engine, string? DatabaseName, string? DatabaseHost, long Entries, long? Rows)
{
    /// <summary>How many of the entries have rows: the tables and collections.</summary>
    [JsonIgnore]
    public long CountedEntries { get; init; }
}
