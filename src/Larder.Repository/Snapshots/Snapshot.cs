namespace Larder.Repository.Snapshots;

/// <summary>The file that makes a restore point: when, of what, and the root of its tree. Written last.</summary>
public sealed record Snapshot
{
    /// <summary>When the backup began, with the offset of the zone it was made in.</summary>
    public required DateTimeOffset Time { get; init; }

    public SnapshotId? Parent { get; init; }

    public required BlobId Tree { get; init; }

    public required IReadOnlyList<string> Paths { get; init; }

    public string? Hostname { get; init; }

    public string? Username { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public IReadOnlyList<string> Excludes { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The id that it had before its metadata was rewritten, or in the repository that it was copied from.</summary>
    public SnapshotId? Original { get; init; }

    public string? ProgramVersion { get; init; }

    public SnapshotSummary? Summary { get; init; }
}

/// <summary>What stock restic shows of a backup run.</summary>
public sealed record SnapshotSummary
{
    public DateTimeOffset BackupStart { get; init; }

    public DateTimeOffset BackupEnd { get; init; }

    public ulong FilesNew { get; init; }

    public ulong FilesChanged { get; init; }

    public ulong FilesUnmodified { get; init; }

    public ulong DirsNew { get; init; }

    public ulong DirsChanged { get; init; }

    public ulong DirsUnmodified { get; init; }

    public long DataBlobs { get; init; }

    public long TreeBlobs { get; init; }

    /// <summary>Bytes added, before compression.</summary>
    public ulong DataAdded { get; init; }

    /// <summary>Bytes added, as stored.</summary>
    public ulong DataAddedPacked { get; init; }

    public ulong TotalFilesProcessed { get; init; }

    public ulong TotalBytesProcessed { get; init; }
}
