using Larder.Engine.Configuration;
using Larder.Engine.Schedule;

namespace Larder.Engine.Monitoring.Checks;

/// <summary>Is the newest good backup young enough?</summary>
internal static class FreshnessCheck
{
    public static Condition Of(JobFacts facts, DateTimeOffset now)
    {
        var job = facts.Job.Name;
        var condition = new Condition
        {
            Check = "freshness",
            Subject = job,
            Job = job,
            Event = AlertEvent.Missed,
            Level = AlertLevel.Info,
            Title = $"{job}: a fresh backup",
            Message = "",
        };
        if (facts.LastGood is not { } newest)
        {
            return condition with
            {
                Level = AlertLevel.Critical,
                Title = $"{job}: no good backup",
                Message = facts.Backups.Count == 0
                    ? $"Job \"{job}\" has no backup at all."
                    : $"Job \"{job}\" has {facts.Backups.Count} backups, and none of them is good.",
                Hint = $"Run \"larder backup {job}\".",
            };
        }
        var age = now - newest.CreatedAt;
        var told = $"The newest good backup of job \"{job}\" is {newest.ShortId}, {SpanText.Of(age)} old.";
        var allowed = AgeMax(facts, now);
        if (age <= allowed)
        {
            return condition with { Message = told };
        }
        return condition with
        {
            // Twice as old as it may be is no delay any more.
            Level = age > 2 * allowed ? AlertLevel.Error : AlertLevel.Warning,
            Title = $"{job}: the newest good backup is {SpanText.Of(age)} old",
            Message = $"{told} It should be no older than {SpanText.Of(allowed)}.",
            Hint = $"Look at \"larder runs {job}\" for what failed or did not begin since, and run \"larder backup {job}\".",
            Facts = [new NoticeFact("Backup", newest.ShortId), new NoticeFact("Age", SpanText.Of(age))],
        };
    }

    /// <summary>
    /// What is configured; otherwise what the schedule implies now: two backups that lie as far apart as the last two that are due, and
    /// some grace. A job of weekdays may so be silent over the weekend, and not longer.
    /// </summary>
    public static TimeSpan AgeMax(JobFacts facts, DateTimeOffset now)
    {
        var (limits, job) = (facts.Thresholds, facts.Job);
        if (limits.BackupAgeMax is { } configured)
        {
            return configured;
        }
        if (Latest(job, now - limits.Grace) is not { } due || Latest(job, due.AddMinutes(-1)) is not { } before)
        {
            return limits.AgeWithoutSchedule;
        }

        // Made since the last one was due: fresh however long the schedule rests now. Otherwise the usual distance decides.
        var (sinceDue, distance) = (now - due, due - before + limits.Grace);
        return sinceDue > distance ? sinceDue : distance;
    }

    private static DateTimeOffset? Latest(JobSettings job, DateTimeOffset until) => job.Schedule
        .Select(schedule => CronTimes.Latest(schedule.Cron, until, job.TimeZone))
        .Max();
}
