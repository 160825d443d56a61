using Larder.Engine.Backups;

namespace Larder.Engine.Restore;

/// <summary>How a restore ended that was not a failure.</summary>
public sealed record RestoreResult
{
    public required string RunId { get; init; }

    public required string BackupId { get; init; }

    /// <summary><see cref="BackupStatus.Partial"/> where there are warnings, such as an owner that could not be set.</summary>
    public required BackupStatus Status { get; init; }

    public required long Files { get; init; }

    public required long Bytes { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>What was written, in the order of the plan's lines.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Where replaced databases are kept.</summary>
    public required IReadOnlyList<string> Replaced { get; init; }

    public required IReadOnlyList<ManifestWarning> Warnings { get; init; }

    /// <summary>Whether all that could be compared with the backup was compared and is equal.</summary>
    public required bool Verified { get; init; }
}
