namespace Larder.Engine.Retention;

/// <summary>
/// What retention would keep and remove, with a reason for each backup. Computed without side effects; execution takes the plan.
/// </summary>
public sealed record RetentionPlan
{
    /// <summary>One for each backup: by job, and in each job newest first.</summary>
    public required IReadOnlyList<RetentionDecision> Decisions { get; init; }

    public IEnumerable<RetentionDecision> Kept => Decisions.Where(decision => decision.Keep);

    public IEnumerable<RetentionDecision> Removed => Decisions.Where(decision => !decision.Keep);

    /// <param name="backups">Those of one job, or of several; each job is planned by itself. In any order, each id once in its
    /// job.</param>
    /// <param name="policy">Counts must not be negative.</param>
    /// <param name="zone">The job's time zone: days, weeks, months and years begin at its midnight.</param>
    /// <param name="now">Only tells which backups are dated in the future; how much time has passed never removes anything.</param>
    public static RetentionPlan Compute(
        IReadOnlyList<RetentionCandidate> backups,
        KeepPolicy policy,
        TimeZoneInfo zone,
        DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(backups);
        var jobs = backups.GroupBy(backup => backup.Job, StringComparer.Ordinal).OrderBy(job => job.Key, StringComparer.Ordinal);
        return new RetentionPlan { Decisions = [.. jobs.SelectMany(job => JobRetention.Decide([.. job], policy, zone, now))] };
    }
}
