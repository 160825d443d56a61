namespace Larder.Engine.Configuration;

/// <summary>
/// When something counts as not well. What is null is not said: a job then takes what is said for all jobs, and that the default.
/// </summary>
public sealed record MonitorSettings
{
    public TimeSpan? BackupAgeMax { get; init; }

    public long? BackupBytesMin { get; init; }

    /// <summary>From 1 to 99.</summary>
    public int? SizeChangePercent { get; init; }

    public TimeSpan? MissedAfter { get; init; }

    public TimeSpan? ConnectTimeout { get; init; }

    /// <summary>From 1 to 100.</summary>
    public int? DiskUsagePercentMax { get; init; }

    public TimeSpan? DiskFullWithin { get; init; }

    public TimeSpan? CheckInterval { get; init; }

    /// <summary>These, and where they say nothing, the others.</summary>
    public MonitorSettings Or(MonitorSettings others) => new()
    {
        BackupAgeMax = BackupAgeMax ?? others.BackupAgeMax,
        BackupBytesMin = BackupBytesMin ?? others.BackupBytesMin,
        SizeChangePercent = SizeChangePercent ?? others.SizeChangePercent,
        MissedAfter = MissedAfter ?? others.MissedAfter,
        ConnectTimeout = ConnectTimeout ?? others.ConnectTimeout,
        DiskUsagePercentMax = DiskUsagePercentMax ?? others.DiskUsagePercentMax,
        DiskFullWithin = DiskFullWithin ?? others.DiskFullWithin,
        CheckInterval = CheckInterval ?? others.CheckInterval,
    };
}
