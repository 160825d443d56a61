using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Schedule;

namespace Larder.Engine.Monitoring.Checks;

/// <summary>
/// Did what was due begin? Asked of catalog and repositories, so that it is noticed whoever should have begun it: a daemon that died, a
/// timer that is gone, a machine that was off.
/// </summary>
internal static class MissedCheck
{
    // A clock that is set a little, or a timer that is early.
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(1);

    public static IEnumerable<Condition> Of(JobFacts facts, DateTimeOffset now) =>
        facts.Job.Schedule.Select(schedule => Of(facts, schedule, now));

    private static Condition Of(JobFacts facts, ScheduleSettings schedule, DateTimeOffset now)
    {
        var job = facts.Job;
        var condition = new Condition
        {
            Check = "missed",
            Subject = $"{job.Name}/{schedule.Cron}{(schedule.Only.Count > 0 ? $" of {string.Join(", ", schedule.Only)}" : "")}",
            Job = job.Name,
            Event = AlertEvent.Missed,
            Level = AlertLevel.Info,
            Title = $"{job.Name}: backups begin when they are due",
            Message = $"Nothing that the schedule \"{schedule.Cron}\" of job \"{job.Name}\" asked for was missed.",
        };
        if (CronTimes.Latest(schedule.Cron, now - Patience(facts), job.TimeZone) is not { } due
            || !facts.KnowsRuns || !WasThereBefore(facts, due) || Happened(facts, schedule, due))
        {
            return condition;
        }
        var moment = TimeZoneInfo.ConvertTime(due, job.TimeZone);
        return condition with
        {
            Level = AlertLevel.Error,
            Title = $"{job.Name}: the backup of {moment:yyyy-MM-dd HH:mm} was missed",
            Message = $"The schedule \"{schedule.Cron}\" of job \"{job.Name}\" was due at {moment:yyyy-MM-dd HH:mm zzz}, "
                + "and no backup began.",
            Hint = "Check that what runs the schedules lives (\"systemctl status larder\" for the service), "
                + $"and run \"larder backup {job.Name}\".",
            Facts = [new NoticeFact("Due", $"{moment:yyyy-MM-dd HH:mm zzz}")],
        };
    }

    /// <summary>
    /// A job that nobody ever ran was not there yet, as far as anybody can tell; that it has no backup is told elsewhere.
    /// </summary>
    private static bool WasThereBefore(JobFacts facts, DateTimeOffset due) =>
        facts.Runs.Any(run => run.StartedAt < due - Early) || facts.Backups.Any(backup => backup.CreatedAt < due - Early);

    // A job with jitter may begin so much later than it is due.
    private static TimeSpan Patience(JobFacts facts) => facts.Thresholds.MissedAfter + facts.Job.Jitter;

    private static bool Happened(JobFacts facts, ScheduleSettings schedule, DateTimeOffset due)
    {
        var until = due + Patience(facts);
        var wanted = schedule.Only.Count > 0 ? schedule.Only : [.. facts.Job.Sources.Select(source => source.Name)];

        // A run that failed did begin: that it failed is told as that. Later, only a backup that holds what was wanted makes up for it.
        return facts.Runs.Any(run => run.Status != RunStatus.Skipped && run.StartedAt >= due - Early && run.StartedAt <= until)
            || facts.Backups.Any(backup => backup.CreatedAt >= due - Early && wanted.All(backup.Sources.Contains))
            || facts.Runs.Any(run => run.Status == RunStatus.InProgress && run.StartedAt >= due);
    }
}
