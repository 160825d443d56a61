using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Engine.Cleanup;

/// <summary>What is to be removed.</summary>
public sealed record RemoveRequest
{
    /// <summary>Names of backups; at least one.</summary>
    public required IReadOnlyList<string> Backups { get; init; }

    /// <summary>Whether the last good backup of a job, and the last that passed a drill, may go too. A pinned one never goes.</summary>
    public bool Force { get; init; }
}

/// <summary>Removes backups by name, from all repositories, and frees what only they needed.</summary>
public sealed class RemoveRun(EngineContext context, RemoveRequest request, RunProgress progress)
{
    /// <exception cref="LarderException"><see cref="EngineError.UnknownBackup"/> and its like, <see cref="EngineError.BackupPinned"/>,
    /// <see cref="EngineError.LastGoodBackup"/>: then nothing was removed.</exception>
    public Task<CleanupReport> ExecuteAsync(CancellationToken cancellationToken) =>
        JournaledRun.ExecuteAsync(context, RunKind.Cleanup, null, journal => RemoveAsync(journal, cancellationToken));

    private async Task<(CleanupReport Made, RunResult Result)> RemoveAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        var began = context.Clock.GetTimestamp();
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var removal = new Removal(context, journal, progress);
        foreach (var failure in survey.Unreadable)
        {
            removal.Skip(failure.Repository, failure.Error); // It may hold a copy, so this cannot be a success.
        }
        if (survey.ByRepository.Count == 0)
        {
            return removal.Finish(0, began);
        }

        var chosen = request.Backups.Select(name => BackupName.Parse(name).Resolve(survey.Backups)).DistinctBy(backup => backup.BackupId)
            .ToList();
        RefusePinned(chosen);
        RefuseLast(chosen, survey, "good one", backup => true);
        RefuseLast(chosen, survey, "one that passed a drill", backup => backup.Drill == DrillVerdict.Success);
        foreach (var (repository, backups) in survey.ByRepository)
        {
            var lines = backups.Where(backup => chosen.Exists(each => each.BackupId == backup.BackupId)).Select(Line).ToList();
            if (lines.Count > 0)
            {
                await removal.ExecuteAsync(repository, lines, needsKept: false, cancellationToken);
            }
        }
        var jobs = chosen.Select(backup => backup.Job).ToHashSet();
        return removal.Finish(survey.Backups.Count(backup => jobs.Contains(backup.Job) && !chosen.Contains(backup)), began);
    }

    private static void RefusePinned(List<Backup> chosen)
    {
        if (chosen.Find(backup => backup.Pinned) is { } pinned)
        {
            throw new LarderException(
                EngineError.BackupPinned, $"Backup {pinned.ShortId} ({pinned.Job}, {pinned.Timestamp}) is pinned; nothing was removed.")
            {
                Context = new ErrorContext { Backup = pinned.ShortId, Job = pinned.Job },
            };
        }
    }

    /// <summary>A safety backup does not count: it is what was replaced, and goes by itself.</summary>
    private void RefuseLast(List<Backup> chosen, BackupSurvey survey, string what, Func<Backup, bool> counts)
    {
        foreach (var job in chosen.GroupBy(backup => backup.Job))
        {
            var last = survey.Backups
                .Where(backup => backup.Job == job.Key && BackupSurvey.IsGood(backup) && !backup.IsSafety && counts(backup)).ToList();
            if (!request.Force && last.Count > 0 && last.TrueForAll(chosen.Contains))
            {
                throw new LarderException(
                    EngineError.LastGoodBackup,
                    $"Backup {last[0].ShortId} ({last[0].Timestamp}) is the last {what} of job \"{job.Key}\"; nothing was removed.")
                {
                    Context = new ErrorContext { Backup = last[0].ShortId, Job = job.Key },
                };
            }
        }
    }

    private static CleanupLine Line(Backup backup) => new()
    {
        BackupId = backup.BackupId,
        Timestamp = backup.Timestamp,
        CreatedAt = backup.CreatedAt,
        Job = backup.Job,
        Status = backup.Status.ToString().ToLowerInvariant(),
        Pinned = false,
        Keep = false,
        Why = "asked for",
        Category = null,
        Snapshots = [.. backup.Places.Select(place => place.SnapshotId)],
    };
}
