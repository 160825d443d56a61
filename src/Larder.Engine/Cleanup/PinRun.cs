using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Repository;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Cleanup;

/// <summary>
/// Pins backups, or takes the pin away, in every repository that holds them. A pin is a tag of the snapshot, so that it survives the
/// catalog; the snapshot is written anew and its first id still names the backup. Repeating it is harmless.
/// </summary>
public sealed class PinRun(EngineContext context, IReadOnlyList<string> backups, bool pinned)
{
    /// <exception cref="LarderException"><see cref="EngineError.UnknownBackup"/> and its like: then nothing was changed.</exception>
    public async Task<PinReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var error = survey.Unreadable is [var first, ..] ? first.Error : null;
        var hints = survey.Unreadable.Select(failure => Left(failure.Repository, failure.Error)).ToList();
        var failed = survey.Unreadable.Count;
        if (survey.ByRepository.Count == 0)
        {
            return new PinReport { Status = "failed", Backups = [], Hints = hints, Error = error };
        }

        var chosen = backups.Select(name => BackupName.Parse(name).Resolve(survey.Backups)).DistinctBy(backup => backup.BackupId).ToList();
        var changed = chosen.ToDictionary(backup => backup.BackupId, _ => new List<string>());
        var worked = 0;
        foreach (var repository in survey.ByRepository.Keys)
        {
            try
            {
                foreach (var id in await RetagAsync(repository, chosen, cancellationToken))
                {
                    changed[id].Add(repository);
                }
                worked++;
            }
            catch (Exception e) when (RepositoryFailure.Is(e))
            {
                var report = RepositoryFailure.Describe(repository, e);
                error ??= report;
                failed++;
                hints.Add(Left(repository, report));
            }
        }
        return new PinReport
        {
            Status = failed == 0 ? "success" : worked > 0 ? "partial" : "failed",
            Backups = [.. chosen.Select(backup => new PinnedBackup(
                backup.BackupId,
                backup.ShortId,
                backup.Timestamp,
                backup.Job,
                worked > 0 ? pinned : backup.Pinned,
                changed[backup.BackupId]))],
            Hints = hints,
            Error = error,
        };
    }

    /// <returns>The ids of the backups whose tags were changed.</returns>
    private async Task<IReadOnlyList<string>> RetagAsync(string name, IReadOnlyList<Backup> chosen, CancellationToken cancellationToken)
    {
        var repository = await context.Repositories.OpenAsync(name, cancellationToken);
        var outdated = new List<(Backup Backup, SnapshotId Id)>();
        foreach (var backup in chosen)
        {
            foreach (var place in backup.Places.Where(place => place.Repository == name))
            {
                var snapshot = await repository.LoadSnapshotAsync(place.SnapshotId, cancellationToken);
                if (snapshot.Tags.Contains(BackupTags.Pinned) != pinned)
                {
                    outdated.Add((backup, place.SnapshotId));
                }
            }
        }
        if (outdated.Count == 0)
        {
            return []; // Asked before the lock: who repeats it waits for nobody.
        }

        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, cancellationToken);
        var editor = new SnapshotEditor(repository, heldLock);
        foreach (var (_, id) in outdated)
        {
            await editor.ReplaceTagsAsync(id, Retag, cancellationToken);
        }
        return [.. outdated.Select(each => each.Backup.BackupId).Distinct()];
    }

    private IReadOnlyList<string> Retag(IReadOnlyList<string> tags)
    {
        var others = tags.Where(tag => tag != BackupTags.Pinned);
        return pinned ? [.. others, BackupTags.Pinned] : [.. others];
    }

    private static string Left(string repository, ErrorReport error) =>
        $"Repository \"{repository}\" was left as it is: {error.Code} {error.Message}";
}
