using System.Globalization;
using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Maintenance;
using Larder.Engine.Schedule;

namespace Larder.Engine.SelfTests;

/// <summary>The test `schedule`: every schedule comes again, and what it asked for was made.</summary>
internal sealed class ScheduleTest(EngineContext context)
{
    // A backup that was due may still be running.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(2);

    // What systemd itself goes by: sd_booted(3).
    private const string SystemdIsHere = "/run/systemd/system";
    private static readonly string[] UnitFolders = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

    public async Task<Verdict> ExecuteAsync(CancellationToken cancellationToken)
    {
        var scheduled = context.Configuration.Jobs.Values.Where(job => job.Schedule.Count > 0).ToList();
        if (scheduled.Count == 0)
        {
            return Verdict.Skipped($"No job has a schedule. {Systemd()}");
        }
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var now = context.Clock.GetUtcNow();
        var problems = new List<string>();
        var next = new List<string>();
        foreach (var job in scheduled)
        {
            foreach (var cron in job.Schedule.Select(schedule => schedule.Cron))
            {
                if (CronTimes.Next(cron, now, job.TimeZone) is not { } then)
                {
                    problems.Add($"The schedule \"{cron}\" of job \"{job.Name}\" never comes.");
                    continue;
                }
                next.Add($"Job \"{job.Name}\" is due next at {Moment(then, job)}.");
            }
            if (survey.Unreadable.Count == 0 && Missed(job, survey.Backups, now) is { } missed)
            {
                problems.Add(missed);
            }
        }
        problems.AddRange(survey.Unreadable.Select(failure => $"{failure.Error.Code} {failure.Error.Message}"));
        return Verdict.Of(problems, $"{string.Join(' ', next)} Nothing was missed. {Systemd()}");
    }

    private static string? Missed(JobSettings job, IEnumerable<Backup> backups, DateTimeOffset now)
    {
        var last = backups.Where(backup => backup.Job == job.Name && BackupSurvey.IsGood(backup) && !backup.IsSafety)
            .Where(backup => backup.CreatedAt <= now)
            .MaxBy(backup => backup.CreatedAt);
        if (last is null)
        {
            return $"Job \"{job.Name}\" has a schedule and no good backup.";
        }
        var due = job.Schedule.Where(schedule => schedule.Only.Count == 0)
            .Select(schedule => CronTimes.Next(schedule.Cron, last.CreatedAt, job.TimeZone))
            .Where(then => then + Grace < now)
            .Min();
        return due is { } then
            ? $"Job \"{job.Name}\" was due at {Moment(then, job)}, and its last good backup is {last.ShortId} of {last.Timestamp}."
            : null;
    }

    private static string Systemd()
    {
        if (!Directory.Exists(SystemdIsHere))
        {
            return "There is no systemd here.";
        }
        var units = UnitFolders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "larder*"))
            .Select(file => Path.GetFileName(file))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return units.Count == 0 ? "systemd runs here, and has no unit of Larder." : $"systemd has {string.Join(", ", units)}.";
    }

    private static string Moment(DateTimeOffset then, JobSettings job) =>
        TimeZoneInfo.ConvertTime(then, job.TimeZone).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);
}
