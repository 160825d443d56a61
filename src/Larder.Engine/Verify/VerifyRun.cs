using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Repository;

namespace Larder.Engine.Verify;

/// <summary>
/// Verifies backups. What is wrong is in the report and not thrown; thrown is what makes a report impossible: an unknown name, an
/// interruption.
/// </summary>
public sealed class VerifyRun(EngineContext context, VerifyRequest request, RunProgress progress)
{
    /// <exception cref="LarderException"><see cref="EngineError.UnknownRepository"/>, <see cref="EngineError.UnknownBackup"/> and its
    /// like.</exception>
    public Task<VerifyReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        if (request.Repository is { } name)
        {
            context.Repositories.SettingsOf(name);
        }
        var job = request.Jobs is [var only] ? only : null;
        return JournaledRun.ExecuteAsync(context, RunKind.Verify, job, journal => VerifyAsync(journal, cancellationToken));
    }

    private async Task<(VerifyReport Made, RunResult Result)> VerifyAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        var startedAt = context.Clock.GetUtcNow();
        var began = context.Clock.GetTimestamp();
        var tally = new VerifyTally(journal);
        progress.Begin("looking for backups", 0);
        var survey = await BackupSurvey.ReadAsync(
            context, request.Repository is { } only ? [only] : context.Repositories.Names, cancellationToken);
        foreach (var failure in survey.Unreadable)
        {
            tally.Add(failure); // Never green without having looked.
        }

        if (survey.ByRepository.Count > 0)
        {
            var named = Named(survey);
            foreach (var (name, backups) in survey.ByRepository)
            {
                await VerifyRepositoryAsync(name, backups, named, tally, cancellationToken);
            }
            Plausibility.FindFuture(survey.Backups, startedAt, tally);
            if (request is { Repository: null, Backups.Count: 0, Jobs.Count: 0 } && survey.Unreadable.Count == 0)
            {
                Plausibility.FindGone(context, survey.Backups, tally);
            }
        }

        var report = new VerifyReport
        {
            Level = request.Level.ToString().ToLowerInvariant(),
            Subset = request.Subset.ToString(),
            RunId = journal.RunId,
            StartedAt = startedAt,
            DurationSeconds = context.Clock.GetElapsedTime(began).TotalSeconds,
            Checked = tally.Counts with { Repositories = [.. survey.ByRepository.Keys] },
            Errors = tally.Errors,
            Hints = tally.Hints,
        };
        VerificationRecords.Keep(context, request, report, survey);
        return (report, Result(report));
    }

    private List<Backup> Named(BackupSurvey survey)
    {
        if (request.Jobs.FirstOrDefault(job => survey.Backups.All(backup => backup.Job != job)) is { } none && survey.Unreadable.Count == 0)
        {
            throw new LarderException(EngineError.UnknownBackup, $"There is no backup of job \"{none}\" yet.")
            {
                Context = new ErrorContext { Job = none },
            };
        }
        return
        [
            .. request.Backups.Select(name => BackupName.Parse(name).Resolve(survey.Backups))
                .Concat(survey.Backups.Where(backup => request.Jobs.Contains(backup.Job)))
                .DistinctBy(backup => backup.BackupId),
        ];
    }

    private async Task VerifyRepositoryAsync(
        string name, IReadOnlyList<Backup> backups, IReadOnlyList<Backup> named, VerifyTally tally, CancellationToken cancellationToken)
    {
        var selected = backups.Where(backup => named.Any(each => each.BackupId == backup.BackupId)).ToList();
        var isWhole = request is { Backups.Count: 0, Jobs.Count: 0 };
        if (!isWhole && selected.Count == 0)
        {
            return; // None of those asked for is in this repository.
        }
        try
        {
            var repository = await context.Repositories.OpenAsync(name, cancellationToken);
            await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Shared, cancellationToken);
            repository.DropIndex(); // Read under the lock: a prune that ran before may have moved blobs.
            IReadOnlyCollection<SnapshotId>? snapshots = isWhole
                ? null
                : [.. selected.SelectMany(backup => backup.Places).Select(place => place.SnapshotId)];
            await new RepositoryVerification(name, repository, backups, tally).ExecuteAsync(
                request, snapshots, progress, cancellationToken);
            if (request.Level == VerifyLevel.Content)
            {
                var history = new BackupHistory(repository, backups);
                foreach (var backup in request.Backups.Count > 0 ? selected : NewestOfEachJob(isWhole ? backups : selected))
                {
                    await VerifyContentAsync(repository, name, backup, history, tally, cancellationToken);
                }
            }
        }
        catch (Exception e) when (RepositoryFailure.Is(e))
        {
            tally.Add(name, e, null);
        }
    }

    private async Task VerifyContentAsync(
        Repository.Repository repository,
        string name,
        Backup backup,
        BackupHistory history,
        VerifyTally tally,
        CancellationToken cancellationToken)
    {
        try
        {
            var open = await OpenBackup.LoadAsync(backup, backup.Places[0], repository, cancellationToken);
            await new ContentVerification(open, context.Dumps, tally, progress).ExecuteAsync(cancellationToken);
            Plausibility.CheckTimes(open, context.Clock.GetUtcNow(), tally);
            if (!backup.IsSafety) // It is of another moment, and may be of some sources only.
            {
                Plausibility.CompareSize(backup, history.Before(backup), tally);
                Plausibility.CompareEntries(open, await history.ManifestsBeforeAsync(backup, cancellationToken), tally);
            }
        }
        catch (Exception e) when (RepositoryFailure.Is(e))
        {
            tally.Add(name, e, ManifestJson.FileName, VerifyTally.Affected(backup));
        }
    }

    // A job that has no good backup is looked at by its newest: it is all there is.
    private static IEnumerable<Backup> NewestOfEachJob(IReadOnlyList<Backup> backups) =>
        backups.GroupBy(backup => backup.Job).Select(job =>
            job.FirstOrDefault(backup => BackupSurvey.IsGood(backup) && !backup.IsSafety) ?? job.FirstOrDefault(BackupSurvey.IsGood)
            ?? job.First());

    private static RunResult Result(VerifyReport report)
    {
        if (report.Errors.Count == 0)
        {
            return new RunResult { Status = RunStatus.Success };
        }
        var first = report.Errors.FirstOrDefault(error => error.ExitStatus == report.ExitStatus) ?? report.Errors[0];
        var row = ErrorTable.Row(EngineError.VerificationFoundDamage);
        return RunResult.Failed(new ErrorReport
        {
            Code = first.Code,
            Message = report.Errors.Count == 1 ? first.Message : $"{report.Errors.Count} findings; the first: {first.Message}",
            Hint = new ErrorContext { Repository = first.Repository }.Fill(row.Hint),
            ExitStatus = report.ExitStatus,
            HttpStatus = row.HttpStatus,
        });
    }
}
