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

    /// <summary>What stands on database servers now. Empty for files.</summary>
    public IReadOnlyList<RestoredEntry> Entries { get; init; } = [];

    /// <summary>The backup of what stood there before; null where nothing did, or none was wished.</summary>
    public string? SafetyBackup { get; init; }

    /// <summary>What was replaced is kept under these names, until it is rolled back or <c>keep_safety</c> is over.</summary>
    public required IReadOnlyList<string> Replaced { get; init; }

    public required IReadOnlyList<ManifestWarning> Warnings { get; init; }

    /// <summary>Whether all that could be compared with the backup was compared and is equal.</summary>
    public required bool Verified { get; init; }
}

/// <summary>A table or collection that was restored.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Entry">Its name in the manifest, or on the server where that is another.</param>
/// <param name="Kind"><c>table</c>, <c>collection</c>, …</param>
/// <param name="Rows">Null where they were not counted.</param>
/// <param name="Match">Whether it equals what the manifest recorded: rows, and content where it was read back; null where it was not
/// counted.</param>
public sealed record RestoredEntry(string Source, string Entry, string Kind, long? Rows, bool? Match);
