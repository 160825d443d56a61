using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Maintenance;
using Larder.Engine.Restore.Transaction;
using Larder.Engine.Retention;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Cleanup;

public sealed partial record CleanupPlan
{
    /// <param name="context">What every run needs.</param>
    /// <param name="job">Null for every job that is configured.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="Errors.LarderException"><see cref="Errors.EngineError.UnknownJob"/>.</exception>
    public static async Task<CleanupPlan> ComputeAsync(EngineContext context, string? job, CancellationToken cancellationToken)
    {
        IReadOnlyList<JobSettings> jobs = job is null ? [.. context.Configuration.Jobs.Values] : [context.JobOf(job)];
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var repositories = new List<RepositoryCleanup>();
        var hints = new List<string>();
        foreach (var name in context.Repositories.Names)
        {
            if (survey.Unreadable.FirstOrDefault(failure => failure.Repository == name) is { } failure)
            {
                repositories.Add(new RepositoryCleanup { Repository = name, Error = failure.Error });
                continue;
            }
            var lines = jobs.Where(each => each.To.Contains(name)).SelectMany(each => Decide(context, survey, name, each)).ToList();
            hints.AddRange(LeftAlone(context, name, survey.ByRepository[name]));
            repositories.Add(await WeighAsync(context, name, lines, hints, cancellationToken));
        }
        return new CleanupPlan
        {
            Job = job,
            Repositories = repositories,
            Replaced = [.. KeptData.Find(context).Where(kept => kept.Job is null || job is null || kept.Job == job)],
            Now = context.Clock.GetUtcNow(),
            Hints = hints,
        };
    }

    private static IEnumerable<CleanupLine> Decide(EngineContext context, BackupSurvey survey, string repository, JobSettings job)
    {
        var all = survey.ByRepository[repository].Where(backup => backup.Job == job.Name).ToList();
        return DecideByRetention(context, survey, repository, job, [.. all.Where(backup => !backup.IsSafety)])
            .Concat(all.Where(backup => backup.IsSafety).Select(backup => OfSafety(context, job, backup)));
    }

    /// <summary>Safety backups fill no slots: they go when what a restore replaced goes.</summary>
    private static CleanupLine OfSafety(EngineContext context, JobSettings job, Backup backup)
    {
        var isKept = backup.CreatedAt + job.KeepSafety > context.Clock.GetUtcNow();
        return new CleanupLine
        {
            BackupId = backup.BackupId,
            Timestamp = backup.Timestamp,
            CreatedAt = backup.CreatedAt,
            Job = backup.Job,
            Status = BackupSurvey.IsGood(backup) ? "success" : "partial",
            Pinned = backup.Pinned,
            Keep = backup.Pinned || isKept,
            Why = backup.Pinned ? "pinned"
                : isKept ? $"safety backup, kept for {DurationText.Format(job.KeepSafety)}"
                : $"safety backup, older than {DurationText.Format(job.KeepSafety)}",
            Category = null,
            Snapshots = [.. backup.Places.Select(place => place.SnapshotId)],
        };
    }

    private static IEnumerable<CleanupLine> DecideByRetention(
        EngineContext context, BackupSurvey survey, string repository, JobSettings job, IReadOnlyList<Backup> ordinary)
    {
        var backups = ordinary.ToDictionary(backup => backup.BackupId);
        // Pins, verdicts and statuses are asked of all copies: a pin that reached only one repository still protects.
        var joined = survey.Backups.ToDictionary(backup => backup.BackupId);
        var candidates = backups.Values.Select(backup => backup.ToCandidate() with
        {
            IsGood = BackupSurvey.IsGood(backup) && joined[backup.BackupId].Status == BackupStatus.Success,
            IsPinned = joined[backup.BackupId].Pinned,
            PassedDrill = joined[backup.BackupId].Drill == DrillVerdict.Success,
        });
        var plan = RetentionPlan.Compute([.. candidates], job.KeepIn(repository), job.TimeZone, context.Clock.GetUtcNow());
        return plan.Decisions.Select(decision => Line(backups[decision.Backup.BackupId], decision));
    }

    private static CleanupLine Line(Backup backup, RetentionDecision decision) => new()
    {
        BackupId = backup.BackupId,
        Timestamp = backup.Timestamp,
        CreatedAt = backup.CreatedAt,
        Job = backup.Job,
        Status = decision.Backup.IsGood ? "success" : "partial",
        Pinned = decision.Backup.IsPinned,
        Keep = decision.Keep,
        Why = decision.Why,
        Category = decision.Category?.ToString().ToLowerInvariant(),
        Snapshots = [.. backup.Places.Select(place => place.SnapshotId)],
    };

    private static IEnumerable<string> LeftAlone(EngineContext context, string repository, IReadOnlyList<Backup> backups)
    {
        foreach (var job in backups.GroupBy(backup => backup.Job))
        {
            var settings = context.Configuration.Jobs.GetValueOrDefault(job.Key);
            if (settings is null)
            {
                yield return $"Repository \"{repository}\" holds {job.Count()} backups of job \"{job.Key}\", which is no longer "
                    + "configured; they are left alone. "
                    + "\"larder remove\" removes single backups.";
            }
            else if (!settings.To.Contains(repository))
            {
                yield return $"Repository \"{repository}\" holds {job.Count()} backups of job \"{job.Key}\", which does not write there; "
                    + "they are left alone.";
            }
        }
    }

    private static async Task<RepositoryCleanup> WeighAsync(
        EngineContext context, string name, List<CleanupLine> lines, List<string> hints, CancellationToken cancellationToken)
    {
        try
        {
            var repository = await context.Repositories.OpenAsync(name, cancellationToken);
            var foreign = 0;
            await foreach (var snapshot in repository.ListSnapshotsAsync(_ => { }, cancellationToken))
            {
                foreign += BackupTags.JobOf(snapshot.Snapshot.Tags) is null ? 1 : 0;
            }
            if (foreign > 0)
            {
                hints.Add($"Repository \"{name}\" holds {foreign} snapshots that are not Larder's; they are left alone.");
            }

            // It also proves that all that stays is whole: pruning a damaged repository could only make it worse.
            var removed = lines.Where(line => !line.Keep).SelectMany(line => line.Snapshots).ToHashSet();
            var prune = await Pruner.PlanWithoutAsync(repository, removed, new PruneOptions(), cancellationToken);
            return new RepositoryCleanup { Repository = name, Lines = lines, FreedBytes = prune.FreedBytes };
        }
        catch (Exception e) when (RepositoryFailure.Is(e))
        {
            return new RepositoryCleanup { Repository = name, Error = RepositoryFailure.Describe(name, e) };
        }
    }
}
