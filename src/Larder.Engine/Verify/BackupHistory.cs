using Larder.Engine.Backups;
using Larder.Engine.Maintenance;
using Larder.Repository;

namespace Larder.Engine.Verify;

/// <summary>
/// What was usual before a backup: the good ones of its job in the same repository. Manifests are read once; of a job of a hundred tables
/// ten of them take less than a megabyte.
/// </summary>
internal sealed class BackupHistory(Repository.Repository repository, IReadOnlyList<Backup> backups)
{
    private const int ComparedMax = 10;

    private readonly Dictionary<SnapshotId, Manifest> read = [];

    /// <summary>At most ten, newest first, without those that were made before a restore.</summary>
    public IReadOnlyList<Backup> Before(Backup backup) =>
    [
        .. backups.Where(other => other.Job == backup.Job && other.CreatedAt < backup.CreatedAt)
            .Where(other => BackupSurvey.IsGood(other) && !other.IsSafety)
            .OrderByDescending(other => other.CreatedAt)
            .Take(ComparedMax),
    ];

    public async Task<IReadOnlyList<Manifest>> ManifestsBeforeAsync(Backup backup, CancellationToken cancellationToken)
    {
        var before = Before(backup);
        var kept = before.Select(other => other.Places[0].SnapshotId).ToHashSet();
        foreach (var old in read.Keys.Where(id => !kept.Contains(id)).ToList())
        {
            read.Remove(old);
        }
        var manifests = new List<Manifest>();
        foreach (var other in before)
        {
            var place = other.Places[0];
            if (!read.TryGetValue(place.SnapshotId, out var manifest))
            {
                manifest = (await OpenBackup.LoadAsync(other, place, repository, cancellationToken)).Manifest;
                read.Add(place.SnapshotId, manifest);
            }
            manifests.Add(manifest);
        }
        return manifests;
    }
}
