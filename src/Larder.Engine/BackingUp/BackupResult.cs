using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Engine.Sync;

namespace Larder.Engine.BackingUp;

/// <summary>A backup that was made.</summary>
public sealed record BackupResult
{
    public required string RunId { get; init; }

    public required Backup Backup { get; init; }

    /// <summary>What was left out, which repository was not written, which hook failed. Empty: all is well.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How the sync before it ended; null where the job has none.</summary>
    public SyncStatus? Sync { get; init; }

    /// <summary>What was purged after it; null where the job purges nothing.</summary>
    public IReadOnlyList<PurgedCollection>? Purged { get; init; }

    /// <summary>Whether documents were deleted that only backups have now, this one and perhaps older ones.</summary>
    public bool HoldsAlone => Purged?.Any(one => one.Deleted > 0) == true;

    public bool IsPartial => Warnings.Count > 0;

    /// <summary>The backup as `--json` and the API show it, with what its run did besides.</summary>
    public string ToJson() => BackupJson.Write(Backup, Sync is { } sync ? SyncReport.Word(sync) : null, Purged);

    public ExitStatus ExitStatus => IsPartial ? ExitStatus.Partial : ExitStatus.Done;
}
