using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Repository;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Cleanup;

/// <summary>
/// Removes backups from repositories, one repository after the other: snapshots first, then what only they needed. A crash between leaves
/// unused packs, which the next cleanup frees.
/// </summary>
internal sealed class Removal(EngineContext context, RunJournal journal, RunProgress progress)
{
    private readonly List<(string Repository, CleanupLine Line)> removed = [];
    private readonly List<RepositoryCleaned> cleaned = [];

    public List<string> Hints { get; } = [];

    /// <summary>The first failure; the other repositories are worked on nevertheless.</summary>
    public ErrorReport? Error { get; private set; }

    /// <summary>Notes a repository that cannot even be read.</summary>
    public void Skip(string repository, ErrorReport error)
    {
        Error ??= error;
        journal.Append(EventLevel.Error, $"Repository \"{repository}\": {error.Message}");
        cleaned.Add(new RepositoryCleaned { Repository = repository, ErrorCode = error.Code, ErrorMessage = error.Message });
    }

    /// <param name="repository">Its name in the configuration.</param>
    /// <param name="lines">What goes and what stays.</param>
    /// <param name="needsKept">Whether a job's good backups are removed only while one that the plan keeps is really there.</param>
    /// <param name="cancellationToken">Ends the work between two steps.</param>
    public async Task ExecuteAsync(string repository, IReadOnlyList<CleanupLine> lines, bool needsKept, CancellationToken cancellationToken)
    {
        var before = removed.Count;
        try
        {
            var freedBytes = await RemoveAsync(repository, lines, needsKept, cancellationToken);
            cleaned.Add(new RepositoryCleaned { Repository = repository, Deleted = removed.Count - before, FreedBytes = freedBytes });
        }
        catch (Exception e) when (RepositoryFailure.Is(e))
        {
            Skip(repository, RepositoryFailure.Describe(repository, e));
            cleaned[^1] = cleaned[^1] with { Deleted = removed.Count - before };
        }
    }

    /// <param name="kept">Backups that stay, counted by the caller.</param>
    /// <param name="began">The clock's timestamp at the beginning.</param>
    public (CleanupReport Made, RunResult Result) Finish(int kept, long began)
    {
        var failed = cleaned.Count(repository => repository.ErrorCode is not null);
        var report = new CleanupReport
        {
            Status = failed == 0 ? "success" : failed < cleaned.Count ? "partial" : "failed",
            RunId = journal.RunId,
            Deleted =
            [
                .. removed.GroupBy(each => each.Line.BackupId).Select(copies => new DeletedBackup(
                    copies.Key,
                    copies.Key[..8],
                    copies.First().Line.Timestamp,
                    copies.First().Line.Job,
                    [.. copies.Select(copy => copy.Repository)])),
            ],
            FreedBytes = cleaned.Sum(repository => repository.FreedBytes),
            Kept = kept,
            Repositories = cleaned,
            Hints = Hints,
            DurationSeconds = context.Clock.GetElapsedTime(began).TotalSeconds,
            Error = Error,
        };
        var status = failed == 0 ? RunStatus.Success : failed < cleaned.Count ? RunStatus.Partial : RunStatus.Failed;
        return (report, new RunResult { Status = status, ExitStatus = report.ExitStatus, Error = Error });
    }

    private async Task<long> RemoveAsync(string name, IReadOnlyList<CleanupLine> lines, bool needsKept, CancellationToken cancellationToken)
    {
        progress.Begin($"cleaning {name}", 0);
        var repository = await context.Repositories.OpenAsync(name, cancellationToken);
        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, cancellationToken);

        // The plan was made without a lock. What is no longer as it was then stays: a pin gave a snapshot another id, say.
        var present = await ListAsync(repository, cancellationToken);
        var going = Confirm(name, lines, present, needsKept);
        var ids = going.SelectMany(line => line.Snapshots).Where(present.ContainsKey).ToHashSet();
        await Pruner.PlanWithoutAsync(repository, ids, new PruneOptions(), cancellationToken); // Fails before anything is removed.

        var editor = new SnapshotEditor(repository, heldLock);
        foreach (var line in going)
        {
            foreach (var id in line.Snapshots.Where(present.ContainsKey))
            {
                await editor.RemoveAsync(id, cancellationToken);
            }
            removed.Add((name, line));
            RemovalJournal.Note(journal, line, name);
        }
        var prune = new PruneOptions { OnBytesRepacked = progress.Advance };
        var freedBytes = (await new Pruner(repository, heldLock, prune).ExecuteAsync(cancellationToken)).FreedBytes;
        await context.Repositories.RemoveLeftoversAsync(name, cancellationToken);
        return freedBytes;
    }

    private List<CleanupLine> Confirm(string name, IReadOnlyList<CleanupLine> lines, Dictionary<SnapshotId, string> present, bool needsKept)
    {
        var backups = present.Values.ToHashSet(StringComparer.Ordinal);
        var going = new List<CleanupLine>();
        foreach (var job in lines.GroupBy(line => line.Job))
        {
            var removals = job.Where(line => !line.Keep && line.Snapshots.Any(present.ContainsKey)).ToList();
            var goodStays = job.Any(line => line.Keep && line.Status == "success" && backups.Contains(line.BackupId));
            if (needsKept && !goodStays && removals.Exists(line => line.Status == "success"))
            {
                Hints.Add(
                    $"Nothing of job \"{job.Key}\" was removed from repository \"{name}\": the good backup that was to stay is gone. Run "
                    + "the cleanup again.");
                continue;
            }
            going.AddRange(removals);
        }
        return going;
    }

    /// <returns>Each snapshot and the backup that it is.</returns>
    private static async Task<Dictionary<SnapshotId, string>> ListAsync(
        Repository.Repository repository, CancellationToken cancellationToken)
    {
        var present = new Dictionary<SnapshotId, string>();
        await foreach (var snapshot in repository.ListSnapshotsAsync(Rethrow, cancellationToken))
        {
            present.Add(snapshot.Id, (snapshot.Snapshot.Original ?? snapshot.Id).ToString());
        }
        return present;
    }

    private static void Rethrow(RepositoryException e) => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
}
