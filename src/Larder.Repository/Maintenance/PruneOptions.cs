namespace Larder.Repository.Maintenance;

/// <summary>How thoroughly a prune tidies up.</summary>
public sealed record PruneOptions
{
    /// <summary>
    /// How much of the repository may stay unused, in percent of what is kept: partly used packs below it are left alone.
    /// </summary>
    public double UnusedPercentMax { get; init; } = 5;

    /// <summary>At most this many bytes are repacked; null for no limit. What is left comes with the next prune.</summary>
    public long? RepackBytesMax { get; init; }

    /// <summary>Called with the bytes of each pack that was repacked.</summary>
    public Action<long> OnBytesRepacked { get; init; } = _ => { };
}
