namespace Larder.Engine.Backups;

/// <summary>How the last drill of a backup ended. In this order: of two copies that disagree, the one that failed is believed.</summary>
public enum DrillVerdict
{
    /// <summary>Everything was restored, is what was recorded, and fulfils the job's assertions.</summary>
    Success,

    Failed,
}
