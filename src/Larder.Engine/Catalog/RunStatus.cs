namespace Larder.Engine.Catalog;

/// <summary>How a run stands or ended.</summary>
public enum RunStatus
{
    InProgress,
    Success,
    Partial,
    Failed,
    Skipped,
    Cancelled,
}

/// <summary>What a run executes.</summary>
public enum RunKind
{
    Backup,
    Verify,
    Drill,
    Restore,
    Rollback,
    Cleanup,
    Copy,
    Sync,

    /// <summary>An index written anew.</summary>
    Repair,

    /// <summary>Self-tests of this installation.</summary>
    Test,
}

public enum EventLevel
{
    Info,
    Warning,
    Error,
}
