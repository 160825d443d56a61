namespace Larder.Engine.Retention;

/// <summary>What retention needs to know of a backup.</summary>
public sealed record RetentionCandidate
{
    public required string BackupId { get; init; }

    public required string Job { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether its status is `success`; otherwise it is `partial`.</summary>
    public required bool IsGood { get; init; }

    public bool IsPinned { get; init; }

    /// <summary>Whether its last drill proved that it can be restored.</summary>
    public bool PassedDrill { get; init; }
}
