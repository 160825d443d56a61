namespace Larder.Engine.Backups;

/// <summary>How a backup that exists ended. A failed one leaves no snapshot, so it is a run and not a backup.</summary>
public enum BackupStatus
{
    Success,

    /// <summary>It can be restored, but something was left out.</summary>
    Partial,
}
