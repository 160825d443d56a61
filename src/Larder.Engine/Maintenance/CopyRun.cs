using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Maintenance;

/// <summary>
/// Copies backups and foreign snapshots from one repository into another, blobs as they were cut. What the target has already is passed
/// over. An interrupted copy leaves no snapshot in the target; what it stored is used by the next one.
/// </summary>
public sealed class CopyRun(EngineContext context, CopyRequest request, RunProgress progress)
{
    // As backups are stored unless their job says otherwise.
    private const int CompressionLevel = 1;

    /// <exception cref="LarderException"><see cref="EngineError.UnknownRepository"/>, <see cref="EngineError.UnknownBackup"/> and its like,
    /// <see cref="EngineError.UsageInvalid"/> where source and target are one.</exception>
    /// <exception cref="RepositoryException">What a repository failed with; its location tells which of the two.</exception>
    public Task<CopyReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        if (context.Repositories.SettingsOf(request.From).Location == context.Repositories.SettingsOf(request.To).Location)
        {
            throw new LarderException(EngineError.UsageInvalid, $"Repository \"{request.To}\" cannot be copied to itself.");
        }
        return JournaledRun.ExecuteAsync(context, RunKind.Copy, null, journal => CopyAsync(journal, cancellationToken));
    }

    private async Task<(CopyReport Made, RunResult Result)> CopyAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        var began = context.Clock.GetTimestamp();
        progress.Begin("opening", 0);
        var source = await context.Repositories.OpenAsync(request.From, cancellationToken);
        var target = await context.Repositories.OpenAsync(request.To, cancellationToken);
        await using var sourceLock = await RepositoryLock.AcquireAsync(source, LockMode.Shared, cancellationToken);
        source.DropIndex(); // Read under the lock: a prune that ran before may have moved blobs.
        var selected = await SelectAsync(source, cancellationToken);
        await using var writer = await RepositoryWriter.BeginAsync(target, cancellationToken);

        progress.Begin("copying", 0);
        var bytes = 0L;
        var copier = new Copier(source, await source.LoadIndexAsync(cancellationToken), writer, CompressionLevel);
        var copies = await copier.ExecuteAsync(selected, Count, cancellationToken);

        var copied = new List<CopiedBackup>();
        foreach (var id in copies)
        {
            copied.Add(Describe(id, await target.LoadSnapshotAsync(id, cancellationToken)));
        }
        foreach (var copy in copied)
        {
            journal.Append(EventLevel.Info, $"Copied {copy.BackupId} from \"{request.From}\" to \"{request.To}\".");
        }
        var report = new CopyReport
        {
            RunId = journal.RunId,
            From = request.From,
            To = request.To,
            Copied = [.. copied.OrderBy(copy => copy.CreatedAt)],
            AlreadyThere = selected.Count - copied.Count,
            CopiedBytes = bytes,
            DurationSeconds = context.Clock.GetElapsedTime(began).TotalSeconds,
        };
        return (report, new RunResult { Status = RunStatus.Success, AddedBytes = writer.Statistics.StoredBytes });

        void Count(long plainBytes)
        {
            bytes += plainBytes;
            progress.Advance(plainBytes);
        }
    }

    private async Task<IReadOnlyList<StoredSnapshot>> SelectAsync(Repository.Repository source, CancellationToken cancellationToken)
    {
        var all = new List<StoredSnapshot>();
        await foreach (var snapshot in source.ListSnapshotsAsync(Rethrow, cancellationToken))
        {
            all.Add(snapshot);
        }
        if (request.Backups.Count == 0)
        {
            return [.. all.OrderBy(snapshot => snapshot.Snapshot.Time)];
        }

        var backups = await context.Library.ListAsync(request.From, cancellationToken);
        var chosen = new HashSet<SnapshotId>();
        foreach (var name in request.Backups)
        {
            var parsed = BackupName.Parse(name);
            var foreign = parsed.Kind == BackupNameKind.Id && parsed.Job is null
                ? all.Where(snapshot => BackupTags.JobOf(snapshot.Snapshot.Tags) is null && HasPrefix(snapshot, parsed.Value)).ToList()
                : [];
            if (foreign.Count == 1 && parsed.Candidates(backups).Count == 0)
            {
                chosen.Add(foreign[0].Id);
                continue;
            }
            chosen.UnionWith(parsed.Resolve(backups).Places.Select(place => place.SnapshotId));
        }
        return [.. all.Where(snapshot => chosen.Contains(snapshot.Id)).OrderBy(snapshot => snapshot.Snapshot.Time)];
    }

    private static bool HasPrefix(StoredSnapshot snapshot, string prefix) =>
        snapshot.Id.ToString().StartsWith(prefix, StringComparison.Ordinal)
        || (snapshot.Snapshot.Original is { } original && original.ToString().StartsWith(prefix, StringComparison.Ordinal));

    private static CopiedBackup Describe(SnapshotId id, Larder.Repository.Snapshots.Snapshot snapshot)
    {
        var backupId = (snapshot.Original ?? id).ToString();
        return new CopiedBackup(backupId, backupId[..8], id.ToString(), snapshot.Time, BackupTags.JobOf(snapshot.Tags));
    }

    private static void Rethrow(RepositoryException e) => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
}
