using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Engine.Reports;
using Larder.Engine.Verify;

namespace Larder.Engine.Monitoring;

/// <summary>
/// Gathers what checks and metrics go by: from the repositories, the catalog, the disks and, where it is asked to, the sources. What cannot
/// be had is a fact too: thrown is an interruption alone.
/// </summary>
public sealed class FactGathering(EngineContext context)
{
    private const int RunsMax = 100;

    /// <summary>Whether every source is asked if it answers.</summary>
    public bool AsksSources { get; init; } = true;

    /// <summary>Larder's active timers; null where there is no systemd. Asked once.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<string>?>> Timers { get; init; } = _ => Task.FromResult<IReadOnlyList<string>?>(null);

    public async Task<MonitorFacts> ExecuteAsync(CancellationToken cancellationToken)
    {
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var now = context.Clock.GetUtcNow();
        var jobs = new List<JobFacts>();
        foreach (var job in context.Configuration.Jobs.Values)
        {
            jobs.Add(await OfJobAsync(job, survey.Backups, cancellationToken));
        }
        var beat = Ask(catalog => new Heartbeats(catalog).Find(Heartbeats.Scheduler));
        return new MonitorFacts
        {
            At = now,
            Host = context.Host,
            LarderVersion = context.LarderVersion,
            Thresholds = Thresholds.Of(context.Configuration.Monitor),
            Jobs = jobs,
            Repositories = [.. context.Configuration.Repositories.Values.Select(repository => OfRepository(repository, survey, now))],
            Service = new ServiceFacts(beat, beat?.Process.IsDead() ?? false, await Timers(cancellationToken)),
            CatalogFailure = CatalogFailure(),
            BrokenChannels = Ask(catalog => new AlertTable(catalog).All())
                ?.Where(row => row.ResolvedAt is null && row.Key.StartsWith("channel:", StringComparison.Ordinal)).ToList() ?? [],
        };
    }

    private async Task<JobFacts> OfJobAsync(JobSettings job, IReadOnlyList<Backup> backups, CancellationToken cancellationToken)
    {
        var limits = Thresholds.Of(context.Configuration.Monitor, job.Monitor);
        var runs = Ask(catalog => catalog.Runs(new RunFilter { Job = job.Name, Kind = RunKind.Backup, Limit = RunsMax }).Runs);
        return new JobFacts
        {
            Job = job,
            Thresholds = limits,
            Backups = [.. backups.Where(backup => backup.Job == job.Name && !backup.IsSafety).Select(OfBackup)],
            Runs = runs ?? [],
            KnowsRuns = runs is not null,
            Verifications = VerificationRecords.Read(context.Configuration.StateDirectory, job.Name),
            LastDrill = LastDrill(job.Name),
            Probes = AsksSources
                ? await Task.WhenAll(job.Sources.Select(source => ProbeAsync(job, source, limits, cancellationToken)))
                : [],
        };
    }

    private static BackupFacts OfBackup(Backup backup) => new(
        backup.BackupId,
        backup.CreatedAt,
        BackupSurvey.IsGood(backup),
        backup.SizeBytes,
        backup.AddedBytes,
        backup.Sources.Any(source => source.Rows is not null) ? backup.Sources.Sum(source => source.Rows ?? 0) : null,
        backup.DurationSeconds,
        [.. backup.Sources.Select(source => source.Name).Order(StringComparer.Ordinal)]);

    private DrillFacts? LastDrill(string job)
    {
        var evidence = DrillEvidence.Newest(context.Configuration.StateDirectory, job);
        var run = Ask(catalog => catalog.Runs(new RunFilter { Job = job, Kind = RunKind.Drill, Limit = 5 }).Runs)
            ?.FirstOrDefault(run => run.Status is RunStatus.Success or RunStatus.Failed);

        // A drill that failed may leave no evidence, and must not be hidden by an older one that did.
        return run is not null && run.Id != evidence?.RunId && (evidence is null || run.StartedAt > evidence.FinishedAt)
            ? new DrillFacts(run.Id, run.Status == RunStatus.Success, run.FinishedAt ?? run.StartedAt, null)
            : evidence is null ? null
            : new DrillFacts(evidence.RunId, evidence.Status == "success", evidence.FinishedAt, evidence.RtoSeconds);
    }

    private async Task<ProbeFacts> ProbeAsync(
        JobSettings job, SourceSettings settings, Thresholds limits, CancellationToken cancellationToken)
    {
        var what = $"The {settings.Engine} source \"{settings.Name}\" of job \"{job.Name}\"";
        var isServer = settings is PostgreSqlSourceSettings or MySqlSourceSettings or MongoDbSourceSettings;
        var answer = await SourceAnswer.AskAsync(context, job, settings, limits.ConnectTimeout, cancellationToken);
        var (failure, hint) = answer switch
        {
            { IsTimeout: true } => (
                $"{what} did not answer within {SpanText.Of(limits.ConnectTimeout)}.",
                "Check whether its server runs, and whether this machine can reach it."),
            { Error: { } error } => ($"{what}: {error.Code} {error.Message}", error.Hint),
            _ => ((string?)null, (string?)null),
        };
        return new ProbeFacts(settings.Name, settings.Engine, isServer, answer.Took.TotalSeconds, failure, hint);
    }

    private RepositoryFacts OfRepository(RepositorySettings settings, BackupSurvey survey, DateTimeOffset now)
    {
        var failure = survey.Unreadable.FirstOrDefault(one => one.Repository == settings.Name)?.Error;
        var disk = settings.Location is LocalLocation local ? DiskReading.Of(local.Path, now) : null;
        return new RepositoryFacts(
            settings.Name,
            failure is null ? null : $"Repository \"{settings.Name}\" cannot be read. {failure.Code}: {failure.Message}",
            failure?.Hint,
            survey.ByRepository.TryGetValue(settings.Name, out var backups) ? backups.Count : null,
            disk,
            disk is null ? [] : [.. Ask(catalog => new DiskSamples(catalog).Of(settings.Name, now - DiskForecast.Recent)) ?? [], disk]);
    }

    private string? CatalogFailure()
    {
        try
        {
            if (context.Catalog is not { } catalog)
            {
                return $"The catalog \"{context.Configuration.CatalogPath}\" could not be opened.";
            }
            catalog.EnsureWritable();
            return null;
        }
        catch (LarderException e)
        {
            return e.Message;
        }
    }

    private T? Ask<T>(Func<CatalogDatabase, T> ask)
        where T : class?
    {
        try
        {
            return context.Catalog is { } catalog ? ask(catalog) : null;
        }
        catch (LarderException e)
        {
            context.Warn(e.Message);
            return null;
        }
    }
}
