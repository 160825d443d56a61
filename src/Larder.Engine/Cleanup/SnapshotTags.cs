using Larder.Engine.Backups;
using Larder.Repository;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Cleanup;

/// <summary>
/// Changes the tags of backups after the fact, in one repository: what must survive the loss of the catalog. The snapshots are written
/// anew, and their first ids still name the backups.
/// </summary>
internal static class SnapshotTags
{
    /// <summary>
    /// Takes the repository's exclusive lock where there is something to change. Fails with <see cref="RepositoryException"/>.
    /// </summary>
    /// <param name="change">From the tags that a snapshot has to those that it shall have.</param>
    /// <returns>The ids of the backups whose tags were changed.</returns>
    public static async Task<IReadOnlyList<string>> RewriteAsync(
        EngineContext context,
        string name,
        IReadOnlyList<Backup> backups,
        Func<IReadOnlyList<string>, IReadOnlyList<string>> change,
        CancellationToken cancellationToken)
    {
        var repository = await context.Repositories.OpenAsync(name, cancellationToken);
        var outdated = new List<(Backup Backup, SnapshotId Id)>();
        foreach (var backup in backups)
        {
            foreach (var place in backup.Places.Where(place => place.Repository == name))
            {
                var tags = (await repository.LoadSnapshotAsync(place.SnapshotId, cancellationToken)).Tags;
                if (!tags.Order(StringComparer.Ordinal).SequenceEqual(change(tags).Order(StringComparer.Ordinal)))
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
            await editor.ReplaceTagsAsync(id, change, cancellationToken);
        }
        return [.. outdated.Select(each => each.Backup.BackupId).Distinct()];
    }
}
