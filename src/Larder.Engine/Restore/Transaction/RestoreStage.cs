namespace Larder.Engine.Restore.Transaction;

/// <summary>The steps of a restore and of its way back, in their order.</summary>
public enum RestoreStage
{
    /// <summary>Everything that must be so is looked at once more.</summary>
    Prerequisites,

    /// <summary>What stands at the targets is backed up.</summary>
    SafetyBackup,

    ServiceStop,

    /// <summary>A part is written beside its target, and compared with the backup there.</summary>
    Write,

    /// <summary>A part takes the place of what stood there.</summary>
    Exchange,

    /// <summary>A part is written over what stands there.</summary>
    Overwrite,

    ServiceStart,

    Health,

    /// <summary>A finished restore is undone.</summary>
    Rollback,
}
