using System.Globalization;
using System.Text;
using Larder.Engine.Catalog;
using Larder.Engine.Schedule;

namespace Larder.Engine.Monitoring;

/// <summary>
/// The facts as Prometheus reads them (text format 0.0.4). A figure that is not known is not there: a 0 would say something else.
/// </summary>
public static class MetricsPage
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(MonitorFacts facts)
    {
        var text = new StringBuilder();
        foreach (var family in Families(facts).Where(family => family.Samples.Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Name} {family.Help}\n# TYPE {family.Name} gauge\n");
            foreach (var (labels, value) in family.Samples)
            {
                text.Append(family.Name);
                if (labels.Length > 0)
                {
                    text.Append('{').AppendJoin(',', labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\"")).Append('}');
                }
                text.Append(CultureInfo.InvariantCulture, $" {value:R}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>The names of all metrics that there may be.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Families(Empty()).Select(family => family.Name)];

    private static IEnumerable<Family> Families(MonitorFacts facts) =>
        [.. OfLarder(facts), .. OfBackups(facts), .. OfProofs(facts), .. OfRepositories(facts)];

    private static IEnumerable<Family> OfLarder(MonitorFacts facts)
    {
        var report = HealthChecks.Judge(facts);
        yield return new Family("larder_build_info", "The version that runs; always 1.", [([new("version", facts.LarderVersion)], 1)]);
        yield return new Family(
            "larder_facts_timestamp_seconds", "When the figures on this page were gathered.", [([], Seconds(facts.At))]);
        yield return new Family(
            "larder_health_level", "The worst of all checks: 0 well, 1 warning, 2 error, 3 critical.", [([], (int)report.Level)]);
        yield return new Family(
            "larder_health_checks",
            "How many checks stand at each level.",
            [
                .. Enum.GetValues<AlertLevel>().Select(level => (
                    (Label[])[new("level", EnumWord.Of(level))], (double)report.Checks.Count(check => check.Level == level))),
            ]);
        yield return new Family(
            "larder_scheduler_up",
            "Whether the daemon gave a sign of life lately: 1 or 0; absent where there is none.",
            facts.Service.Heartbeat is { } beat
                ? [([], !facts.Service.IsDead && facts.At - beat.At <= 3 * beat.Interval ? 1 : 0)]
                : []);
    }

    private static IEnumerable<Family> OfBackups(MonitorFacts facts)
    {
        yield return OfGood("larder_backup_last_success_timestamp_seconds", "When the newest good backup of a job began.",
            (_, good) => Seconds(good.CreatedAt));
        yield return OfGood("larder_backup_last_duration_seconds", "How long the newest good backup of a job took.",
            (_, good) => good.DurationSeconds);
        yield return OfGood("larder_backup_last_size_bytes", "What a restore of the newest good backup of a job writes.",
            (_, good) => good.SizeBytes);
        yield return OfGood("larder_backup_last_added_bytes", "What the newest good backup of a job added to its repository.",
            (_, good) => good.AddedBytes);
        yield return OfGood("larder_backup_last_rows", "Rows and documents in the newest good backup of a job.",
            (_, good) => good.Rows);
        yield return OfGood("larder_recoverable_window_seconds", "How far back the oldest good backup of a job reaches.",
            (job, _) => (facts.At - job.Backups.Last(backup => backup.IsGood).CreatedAt).TotalSeconds);
        yield return OfJobs("larder_backups", "How many backups of a job there are.", job => job.Backups.Count);
        yield return OfJobs("larder_backups_good", "How many of them are good.", job => job.Backups.Count(backup => backup.IsGood));
        yield return OfJobs(
            "larder_run_last_success",
            "Whether the last backup of a job ended well: 1 or 0.",
            job => job.Runs.FirstOrDefault(run => run.Status is RunStatus.Success or RunStatus.Partial or RunStatus.Failed)?.Status switch
            {
                null => null,
                RunStatus.Success => 1,
                _ => 0,
            });
        yield return OfJobs(
            "larder_schedule_next_timestamp_seconds",
            "When the next backup of a job is due.",
            job => job.Job.Schedule.Select(schedule => CronTimes.Next(schedule.Cron, facts.At, job.Job.TimeZone)).Min() is { } next
                ? Seconds(next)
                : null);
        yield return new Family(
            "larder_source_up",
            "Whether a source answers: 1 or 0.",
            [
                .. facts.Jobs.SelectMany(job => job.Probes.Select(probe => (
                    (Label[])[new("job", job.Job.Name), new("source", probe.Source), new("engine", probe.Engine)],
                    probe.Failure is null ? 1.0 : 0.0))),
            ]);

        Family OfGood(string name, string help, Func<JobFacts, BackupFacts, double?> value) =>
            OfJobs(name, help, job => job.LastGood is { } good ? value(job, good) : null);

        Family OfJobs(string name, string help, Func<JobFacts, double?> value) => JobFamily(facts, name, help, value);
    }

    private static IEnumerable<Family> OfProofs(MonitorFacts facts)
    {
        yield return OfLevels("larder_verify_last_success", "Whether the last verification of a job by a level found it whole: 1 or 0.",
            record => record.Status == "success" ? 1 : 0);
        yield return OfLevels("larder_verify_last_timestamp_seconds", "When a job was last verified by a level.",
            record => Seconds(record.FinishedAt));
        yield return JobFamily(facts, "larder_drill_last_success", "Whether the last drill of a job restored what was recorded: 1 or 0.",
            job => job.LastDrill is { } drill ? (drill.IsSuccess ? 1 : 0) : null);
        yield return JobFamily(facts, "larder_drill_last_timestamp_seconds", "When a job was last drilled.",
            job => job.LastDrill is { } drill ? Seconds(drill.At) : null);
        yield return JobFamily(facts, "larder_drill_rto_seconds", "How long the restore of the last drill took.",
            job => job.LastDrill?.RtoSeconds);

        Family OfLevels(string name, string help, Func<Verify.VerificationRecord, double> value) => new(
            name,
            help,
            [
                .. facts.Jobs.SelectMany(job => job.Verifications.Select(record => (
                    (Label[])[new("job", job.Job.Name), new("level", record.Level)], value(record)))),
            ]);
    }

    private static IEnumerable<Family> OfRepositories(MonitorFacts facts)
    {
        yield return Of("larder_repository_up", "Whether a repository can be read: 1 or 0.",
            repository => repository.Failure is null ? 1 : 0);
        yield return Of("larder_repository_backups", "How many backups are in a repository.", repository => repository.Backups);
        yield return Of("larder_disk_used_bytes", "What is not free on the disk of a repository.",
            repository => repository.Disk?.UsedBytes);
        yield return Of("larder_disk_size_bytes", "How large the disk of a repository is.", repository => repository.Disk?.TotalBytes);
        yield return Of("larder_disk_full_seconds", "In how many seconds the disk of a repository is full, if it goes on as of late.",
            repository => DiskForecast.Compute(repository.History)?.FullIn.TotalSeconds);

        Family Of(string name, string help, Func<RepositoryFacts, double?> value) => new(
            name,
            help,
            [
                .. from repository in facts.Repositories
                   let known = value(repository)
                   where known is not null
                   select ((Label[])[new("repository", repository.Name)], known.Value),
            ]);
    }

    private static Family JobFamily(MonitorFacts facts, string name, string help, Func<JobFacts, double?> value) => new(
        name,
        help,
        [
            .. from job in facts.Jobs
               let known = value(job)
               where known is not null
               select ((Label[])[new("job", job.Job.Name)], known.Value),
        ]);

    private static MonitorFacts Empty() => new()
    {
        At = DateTimeOffset.UnixEpoch,
        Host = "",
        LarderVersion = "",
        Thresholds = new Thresholds(),
        Jobs = [],
        Repositories = [],
        Service = new ServiceFacts(null, false, null),
    };

    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;

    private static string Escaped(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed record Family(string Name, string Help, IReadOnlyList<(Label[] Labels, double Value)> Samples);

    private sealed record Label(string Name, string Value);
}
