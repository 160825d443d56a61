using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

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
                foreach (var id in await SnapshotTags.RewriteAsync(context, repository, chosen, Retag, cancellationToken))
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

    private IReadOnlyList<string> Retag(IReadOnlyList<string> tags)
    {
        var others = tags.Where(tag => tag != BackupTags.Pinned);
        return pinned ? [.. others, BackupTags.Pinned] : [.. others];
    }

    private static string Left(string repository, ErrorReport error) =>
        $"Repository \"{repository}\" was left as it is: {error.Code} {error.Message}";
}
