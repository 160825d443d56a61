namespace Larder.Engine.Retention;

/// <summary>
/// What a job keeps (`keep:` in the configuration). A rule that is null keeps nothing by itself; with no rule at all, everything is kept.
/// </summary>
public sealed record KeepPolicy
{
    /// <summary>The newest this many backups.</summary>
    public int? Last { get; init; }

    /// <summary>The newest backup of each of this many hours that have one; likewise the other slots.</summary>
    public int? Hourly { get; init; }

    public int? Daily { get; init; }

    /// <summary>ISO weeks, Monday to Sunday.</summary>
    public int? Weekly { get; init; }

    public int? Monthly { get; init; }

    public int? Yearly { get; init; }

    /// <summary>Everything not older than this, counted back from the newest good backup.</summary>
    public TimeSpan? Within { get; init; }

    public bool KeepsEverything => this == new KeepPolicy();
}
