using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring;

/// <summary>When something counts as not well, every default filled in.</summary>
public sealed record Thresholds
{
    /// <summary>Null: what the schedule implies, and <see cref="AgeWithoutSchedule"/> where there is none.</summary>
    public TimeSpan? BackupAgeMax { get; init; }

    public TimeSpan AgeWithoutSchedule { get; init; } = TimeSpan.FromHours(26);

    /// <summary>How long a scheduled backup may take until it is missed as one: 24 hours and these are the well-known 26.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromHours(2);

    public long BackupBytesMin { get; init; }

    /// <summary>A backup that is smaller than this share of the median, or larger than its inverse, is odd.</summary>
    public double SizeShareMin { get; init; } = 0.5;

    public TimeSpan MissedAfter { get; init; } = TimeSpan.FromMinutes(60);

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public int DiskUsagePercentMax { get; init; } = 85;

    public TimeSpan DiskFullWithin { get; init; } = TimeSpan.FromDays(7);

    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromMinutes(60);

    /// <param name="all">For all jobs.</param>
    /// <param name="job">A job's own; null for what concerns no one job.</param>
    public static Thresholds Of(MonitorSettings all, MonitorSettings? job = null)
    {
        var (said, byDefault) = ((job ?? all).Or(all), new Thresholds());
        return new Thresholds
        {
            BackupAgeMax = said.BackupAgeMax,
            BackupBytesMin = said.BackupBytesMin ?? byDefault.BackupBytesMin,
            SizeShareMin = said.SizeChangePercent is { } percent ? (100 - percent) / 100.0 : byDefault.SizeShareMin,
            MissedAfter = said.MissedAfter ?? byDefault.MissedAfter,
            ConnectTimeout = said.ConnectTimeout ?? byDefault.ConnectTimeout,
            DiskUsagePercentMax = said.DiskUsagePercentMax ?? byDefault.DiskUsagePercentMax,
            DiskFullWithin = said.DiskFullWithin ?? byDefault.DiskFullWithin,
            CheckInterval = said.CheckInterval ?? byDefault.CheckInterval,
        };
    }
}
