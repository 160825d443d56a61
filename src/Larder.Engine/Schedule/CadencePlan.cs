using Larder.Engine.BackingUp;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Engine.Schedule;

/// <summary>How often a schedule comes, roughly: what `larder schedule run` is asked for.</summary>
public enum Cadence
{
    /// <summary>On any day: every night, or every hour.</summary>
    Daily,

    /// <summary>On some days of the week.</summary>
    Weekly,

    /// <summary>On some days of the month.</summary>
    Monthly,
}

/// <summary>What is to be backed up for a cadence.</summary>
/// <param name="Request">The backup.</param>
/// <param name="ThenCleanup">Whether retention is applied after a backup that stands.</param>
public sealed record CadenceBackup(BackupRequest Request, bool ThenCleanup);

/// <summary>
/// Which backups belong to a cadence: those of the schedules that come so often, or where no job has one, the usual ones.
/// </summary>
public static class CadencePlan
{
    // Where nobody wrote a schedule: databases every night, everything on Sundays, and everything with retention on the first.
    private static readonly (Cadence Cadence, string Cron)[] ByDefault =
        [(Cadence.Daily, "0 2 * * *"), (Cadence.Weekly, "0 3 * * 0"), (Cadence.Monthly, "0 4 1 * *")];

    public static Cadence Of(CronExpression cron) =>
        cron.NamesDaysOfMonth ? Cadence.Monthly : cron.NamesDaysOfWeek ? Cadence.Weekly : Cadence.Daily;

    /// <summary>The backups of several jobs.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>: none of them has a schedule that comes so often.
    /// </exception>
    public static IReadOnlyList<CadenceBackup> BackupsOf(
        LarderConfiguration configuration, IEnumerable<JobSettings> jobs, Cadence cadence, IReadOnlyList<string> only)
    {
        var backups = jobs.SelectMany(job => BackupsOf(configuration, job, cadence, only)).ToList();
        return backups.Count > 0
            ? backups
            : throw new LarderException(EngineError.UsageInvalid, $"No schedule of these jobs is {cadence.ToString().ToLowerInvariant()}.")
            {
                Hint = "\"larder schedule status\" shows the schedules; \"larder backup\" backs up without one.",
            };
    }

    /// <summary>The backups of a job; none where its schedules do not come so often.</summary>
    /// <param name="configuration">Of the job.</param>
    /// <param name="job">Whose.</param>
    /// <param name="cadence">How often.</param>
    /// <param name="only">Those of schedules for just these sources, in any order; empty for those of every schedule.</param>
    public static IReadOnlyList<CadenceBackup> BackupsOf(
        LarderConfiguration configuration, JobSettings job, Cadence cadence, IReadOnlyList<string> only)
    {
        var scheduled = WithSchedules(configuration).Jobs[job.Name];
        return
        [
            .. scheduled.Schedule.Where(schedule => Of(schedule.Cron) == cadence)
                .Where(schedule => only.Count == 0 || only.ToHashSet().SetEquals(SourcesOf(job, schedule.Only)))
                .DistinctBy(schedule => string.Join(',', schedule.Only))
                .Select(schedule => new CadenceBackup(
                    new BackupRequest { Job = job.Name, Only = schedule.Only }, scheduled.CleansUpAfter(schedule))),
        ];
    }

    /// <summary>The sources that a schedule names; all of the job's where it names none.</summary>
    public static IEnumerable<string> SourcesOf(JobSettings job, IReadOnlyList<string> only) =>
        only.Count > 0 ? only : job.Sources.Select(source => source.Name);

    /// <summary>The configuration, with the schedules that count where no job has any.</summary>
    public static LarderConfiguration WithSchedules(LarderConfiguration configuration)
    {
        if (configuration.Jobs.Values.Any(job => job.Schedule.Count > 0))
        {
            return configuration;
        }
        return configuration with
        {
            Jobs = configuration.Jobs.Values.Select(job => job with { Schedule = SchedulesFor(job) }).ToDictionary(job => job.Name),
        };
    }

    private static IReadOnlyList<ScheduleSettings> SchedulesFor(JobSettings job)
    {
        var databases = job.Sources.Where(source => source.IsDatabase).Select(source => source.Name).ToList();
        return
        [
            .. ByDefault.Select(each => new ScheduleSettings
            {
                Cron = CronExpression.TryParse(each.Cron, out var cron, out _) ? cron! : throw new InvalidOperationException(each.Cron),
                Only = each.Cadence == Cadence.Daily && databases.Count < job.Sources.Count ? databases : [],
                Cleanup = each.Cadence == Cadence.Monthly,
            }),
        ];
    }
}
