using System.Collections.Concurrent;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Repositories;
using Larder.Engine.Retention;
using Larder.Repository;
using Larder.Repository.Reading;
using Larder.Repository.Storage;

namespace Larder.Engine.Backups;

/// <summary>What backups there are, read from the repositories themselves: they are the truth, the catalog is not asked.</summary>
/// <param name="warn">Told, in whole sentences, of repositories and snapshots that could not be read.</param>
public sealed class BackupLibrary(LarderConfiguration configuration, RepositorySet repositories, TimeProvider clock, Action<string> warn)
{
    // A snapshot never changes, so what was read of it once is right for ever. Beyond this many entries a manifest is read again instead:
    // 200 entries are about 60 KiB, and 1,000 such backups 60 MiB.
    private const int RememberedEntriesMax = 200;

    private readonly ConcurrentDictionary<(string Repository, SnapshotId Id), BackupCopy> remembered = new();

    /// <summary>All backups of all repositories, newest first, each with the category that its job's retention gives it.</summary>
    /// <param name="only">Look into this repository alone; null for all. One of several that cannot be read costs a warning.</param>
    /// <exception cref="RepositoryException">No repository could be read.</exception>
    public async Task<IReadOnlyList<Backup>> ListAsync(string? only, CancellationToken cancellationToken)
    {
        var copies = new List<BackupCopy>();
        var names = only is null ? repositories.Names.ToList() : [only];
        var failures = new List<RepositoryException>();
        foreach (var name in names)
        {
            try
            {
                copies.AddRange(await ReadCopiesAsync(name, cancellationToken));
            }
            catch (RepositoryException e)
            {
                failures.Add(e);
                if (names.Count > 1)
                {
                    warn($"Repository \"{name}\" could not be read: {e.Message}");
                }
            }
        }
        if (failures.Count == names.Count && failures.Count > 0)
        {
            // An empty list would say that there are no backups.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures[0]);
        }
        return WithCategories(BackupJoin.Join(copies, ZoneOf));
    }

    /// <summary>The one backup that a name fits.</summary>
    public async Task<Backup> ResolveAsync(string name, string? only, CancellationToken cancellationToken) =>
        BackupName.Parse(name).Resolve(await ListAsync(only, cancellationToken));

    /// <summary>Opens a backup for reading, in the first of its repositories that can be opened.</summary>
    public async Task<OpenBackup> OpenAsync(Backup backup, CancellationToken cancellationToken)
    {
        RepositoryException? failure = null;
        foreach (var place in backup.Places)
        {
            try
            {
                var repository = await repositories.OpenAsync(place.Repository, cancellationToken);
                return await OpenBackup.LoadAsync(backup, place, repository, cancellationToken);
            }
            catch (RepositoryException e)
            {
                failure ??= e;
                warn($"Backup {backup.ShortId} could not be opened in repository \"{place.Repository}\": {e.Message}");
            }
        }
        throw failure!;
    }

    public TimeZoneInfo ZoneOf(string job) =>
        configuration.Jobs.TryGetValue(job, out var settings) ? settings.TimeZone : TimeZoneInfo.Local;

    private async Task<IReadOnlyList<BackupCopy>> ReadCopiesAsync(string name, CancellationToken cancellationToken)
    {
        var repository = await repositories.OpenAsync(name, cancellationToken);
        var ids = new List<SnapshotId>();
        await foreach (var file in repository.Storage.ListAsync(FileKind.Snapshot, cancellationToken))
        {
            ids.Add(new SnapshotId(file.Key.Name));
        }
        Forget(name, ids);
        if (ids.TrueForAll(id => remembered.ContainsKey((name, id))))
        {
            return [.. ids.Select(id => remembered[(name, id)])];
        }

        var copies = new List<BackupCopy>();
        TreeSource? trees = null;
        await foreach (var snapshot in repository.ListSnapshotsAsync(e => warn(e.Message), cancellationToken))
        {
            if (remembered.TryGetValue((name, snapshot.Id), out var known))
            {
                copies.Add(known);
            }
            else if (BackupTags.JobOf(snapshot.Snapshot.Tags) is not null)
            {
                trees ??= new TreeSource(repository, await repository.LoadIndexAsync(cancellationToken));
                copies.Add(Remembered(await ReadCopyAsync(name, repository, trees, snapshot, cancellationToken)));
            }
        }
        return copies;
    }

    private BackupCopy Remembered(BackupCopy copy)
    {
        if (copy.Manifest is { } manifest && manifest.Sources.Sum(source => source.Entries.Count) <= RememberedEntriesMax)
        {
            remembered[(copy.Repository, copy.SnapshotId)] = copy;
        }
        return copy;
    }

    private void Forget(string name, IReadOnlyCollection<SnapshotId> there)
    {
        var left = there.ToHashSet();
        foreach (var gone in remembered.Keys.Where(key => key.Repository == name && !left.Contains(key.Id)))
        {
            remembered.TryRemove(gone, out _);
        }
    }

    private static async Task<BackupCopy> ReadCopyAsync(
        string name, Repository.Repository repository, TreeSource trees, StoredSnapshot snapshot, CancellationToken cancellationToken)
    {
        var copy = new BackupCopy { Repository = name, SnapshotId = snapshot.Id, Snapshot = snapshot.Snapshot };
        try
        {
            var (manifest, _) = await OpenBackup.ReadManifestAsync(repository, trees, snapshot.Snapshot, cancellationToken);
            return copy with { Manifest = manifest };
        }
        catch (Exception e) when (e is RepositoryException or LarderException)
        {
            return copy with { ManifestProblem = e.Message };
        }
    }

    private IReadOnlyList<Backup> WithCategories(IReadOnlyList<Backup> backups)
    {
        var categories = new Dictionary<string, BackupCategory?>();
        foreach (var job in backups.GroupBy(backup => backup.Job))
        {
            var policy = configuration.Jobs.TryGetValue(job.Key, out var settings) ? settings.Keep : new KeepPolicy();
            var candidates = job.Where(backup => !backup.IsSafety).Select(backup => backup.ToCandidate()).ToList();
            var plan = RetentionPlan.Compute(candidates, policy, ZoneOf(job.Key), clock.GetUtcNow());
            foreach (var decision in plan.Decisions)
            {
                categories[decision.Backup.BackupId] = decision.Category;
            }
        }
        return [.. backups.Select(backup => backup with { Category = categories.GetValueOrDefault(backup.BackupId) })];
    }
}
