using Larder.Repository;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Backups;

/// <summary>One snapshot found in one repository.</summary>
public sealed record BackupCopy
{
    /// <summary>The repository's name in the configuration.</summary>
    public required string Repository { get; init; }

    public required SnapshotId SnapshotId { get; init; }

    public required Snapshot Snapshot { get; init; }

    /// <summary>Null where it could not be read; <see cref="ManifestProblem"/> then says why.</summary>
    public Manifest? Manifest { get; init; }

    public string? ManifestProblem { get; init; }

    public string BackupId => (Snapshot.Original ?? SnapshotId).ToString();

    /// <summary>Whether it is a backup of Larder's at all; repositories may hold other snapshots too.</summary>
    public bool IsBackup => BackupTags.JobOf(Snapshot.Tags) is not null;
}
