using Larder.Engine.Catalog;
using Larder.Engine.Configuration;

namespace Larder.Engine.Schedule;

/// <summary>Something of a job that comes again and again.</summary>
public sealed record Recurrence
{
    /// <summary>
    /// Names it in the catalog: job, kind, times and sources. Whoever changes one of them has made another schedule, and what the old one
    /// missed is not caught up.
    /// </summary>
    public string Key => $"{Job}/{Kind.ToString().ToLowerInvariant()}/{string.Join(',', Only)}/{Cron}/{Zone.Id}";

    public required string Job { get; init; }

    /// <summary>Backup, verify, drill or cleanup.</summary>
    public required RunKind Kind { get; init; }

    public required CronExpression Cron { get; init; }

    public required TimeZoneInfo Zone { get; init; }

    /// <summary>Names of the sources that are backed up; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Whether retention is applied after the backup.</summary>
    public bool ThenCleanup { get; init; }

    /// <summary>By how much a run may begin later than it is due.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>The first moment after another one; null where none comes.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) => CronTimes.Next(Cron, moment, Zone);

    /// <summary>The last moment not after another one; null where none came.</summary>
    public DateTimeOffset? LatestUntil(DateTimeOffset moment) => CronTimes.Latest(Cron, moment, Zone);

    /// <summary>
    /// When the run that is due at a moment may begin: later by a part of <see cref="Jitter"/> that follows from schedule and moment, so
    /// that a restart does not draw again.
    /// </summary>
    public DateTimeOffset StartOf(DateTimeOffset due)
    {
        var hash = 14695981039346656037UL; // FNV-1a: string.GetHashCode differs from process to process.
        foreach (var letter in $"{Environment.MachineName}/{Key}/{due.UtcTicks}")
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }
        return due + (Jitter * ((hash >> 11) / (double)(1UL << 53)));
    }

    /// <summary>Everything that comes again, in the order of the configuration.</summary>
    public static IReadOnlyList<Recurrence> AllOf(LarderConfiguration configuration) =>
        [.. configuration.Jobs.Values.SelectMany(OfJob).DistinctBy(recurrence => recurrence.Key)];

    private static IEnumerable<Recurrence> OfJob(JobSettings job)
    {
        foreach (var schedule in job.Schedule)
        {
            yield return Make(RunKind.Backup, schedule.Cron) with { Only = schedule.Only, ThenCleanup = job.CleansUpAfter(schedule) };
        }
        if (job.Cleanup?.Cron is { } cleanup)
        {
            yield return Make(RunKind.Cleanup, cleanup);
        }
        if (job.Verify?.Cron is { } verify)
        {
            yield return Make(RunKind.Verify, verify);
        }
        if (job.Drill?.Cron is { } drill)
        {
            yield return Make(RunKind.Drill, drill);
        }

        Recurrence Make(RunKind kind, CronExpression cron) =>
            new() { Job = job.Name, Kind = kind, Cron = cron, Zone = job.TimeZone, Jitter = job.Jitter };
    }
}
