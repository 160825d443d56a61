using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Sync;
using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Repository.Writing;

namespace Larder.Engine.BackingUp;

/// <summary>One backup of one job: all of its sources become one restore point in each of its repositories.</summary>
public sealed class BackupRun
{
    private readonly EngineContext context;
    private readonly BackupRequest request;
    private readonly RunProgress progress;
    private readonly JobSettings job;
    private readonly IReadOnlyList<SourceSettings> sources;
    private readonly PurgePlan? purge;
    private readonly List<string> warnings = [];

    /// <exception cref="LarderException">The job, a source or a collection to purge is not known, or nothing is selected.</exception>
    public BackupRun(EngineContext context, BackupRequest request, RunProgress progress)
    {
        this.context = context;
        this.request = request;
        this.progress = progress;
        job = context.JobOf(request.Job);
        sources = request.SelectFrom(job);
        purge = request.PurgeFrom(job);
    }

    /// <summary>
    /// Of a job that the configuration does not have in this form: the safety backup of a restore. It only reads, so it neither syncs nor
    /// purges.
    /// </summary>
    internal BackupRun(EngineContext context, JobSettings job, BackupRequest request, RunProgress progress)
    {
        this.context = context;
        this.request = request;
        this.progress = progress;
        this.job = job with { Sync = null, Purge = null };
        sources = request.SelectFrom(job);
    }

    /// <summary>Makes the backup. It exists when this completes, has been read back, and is in the catalog.</summary>
    /// <exception cref="Exception">Whatever went wrong: then there is no backup, the run is `failed`, and the job's hooks for failure have
    /// run.</exception>
    public async Task<BackupResult> ExecuteAsync(CancellationToken cancellationToken)
    {
        using var gate = JobGate.Enter(context, job.Name);
        return await ExecuteInsideAsync(cancellationToken);
    }

    /// <summary>The same, where the caller sees to it that the job runs only once.</summary>
    internal async Task<BackupResult> ExecuteInsideAsync(CancellationToken cancellationToken)
    {
        var runId = context.NewRunId();
        var journal = RunJournal.Begin(
            context.Catalog,
            new NewRun { Id = runId, Kind = RunKind.Backup, Job = job.Name, Trigger = context.Trigger, CreatedBy = context.CreatedBy },
            context.Warn,
            context.Watch);
        var hooks = new HookRunner(
            journal, context.Clock, new Dictionary<string, string> { ["LARDER_JOB"] = job.Name, ["LARDER_RUN_ID"] = runId });
        try
        {
            await hooks.RunAsync("before", job.Hooks.Before, new Dictionary<string, string>(), cancellationToken);
            var synced = await SyncAsync(journal, cancellationToken);
            var backup = await BoundedAsync(token => StoreAsync(runId, token), cancellationToken);
            await RunAfterHooksAsync(hooks, backup, cancellationToken);
            var purged = await PurgeAsync(journal, backup, cancellationToken); // Last, when nothing can go wrong with the backup any more.
            return Finish(journal, runId, backup, synced, purged);
        }
        catch (Exception e)
        {
            await FailAsync(journal, hooks, e);
            throw;
        }
    }

    /// <summary>Within the job's timeout.</summary>
    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timeout = job.Timeout is { } limit
            ? context.Clock.CreateTimer(_ => bounded.Cancel(), null, limit, System.Threading.Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            return await work(bounded.Token);
        }
        catch (OperationCanceledException e) when (bounded.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new Sources.SourceException(
                Sources.SourceError.TimedOut,
                $"Job \"{job.Name}\" took longer than its timeout of {DurationText.Format(job.Timeout!.Value)}.",
                e);
        }
    }

    /// <summary>Brings local and remote in step. That a side is away costs the sync, and not the backup.</summary>
    /// <returns>Null where the job does not sync what is backed up.</returns>
    private async Task<SyncStatus?> SyncAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        if (job.Sync is not { } settings || sources.All(source => source.Name != settings.Source))
        {
            return null;
        }
        try
        {
            var sync = new JobSync(context, job, settings, progress);
            var outcome = await BoundedAsync(token => sync.ExecuteAsync(journal, token), cancellationToken);
            if (outcome.Refused == 0)
            {
                return SyncStatus.Success;
            }
            warnings.Add($"The sync is not whole: {outcome.Refused} documents were refused, and local and remote still differ.");
            return SyncStatus.Partial;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            warnings.Add($"The sync before the backup failed: {ErrorTable.Describe(e).Message}");
            return SyncStatus.Failed;
        }
    }

    /// <summary>Empties what is to be emptied, if the backup is good and nothing went wrong beside it.</summary>
    /// <returns>Null where nothing is to be emptied.</returns>
    private async Task<IReadOnlyList<PurgedCollection>?> PurgeAsync(RunJournal journal, Backup backup, CancellationToken cancellationToken)
    {
        if (purge is null)
        {
            return null;
        }
        if (warnings.Count > 0 || backup.Status != BackupStatus.Success)
        {
            warnings.Add($"Nothing was purged, because the backup is not wholly good: {string.Join(", ", purge.Collections)}.");
            return [];
        }
        var work = new JobPurge(context, job, purge, journal, progress);
        await work.ExecuteAsync(backup, cancellationToken);
        warnings.AddRange(work.Failures);
        return work.Done;
    }

    private async Task<Backup> StoreAsync(string runId, CancellationToken cancellationToken)
    {
        var began = TimeZoneInfo.ConvertTime(context.Clock.GetUtcNow(), job.TimeZone);
        var clockAtStart = context.Clock.GetTimestamp();
        await using var targets = await BackupTargets.OpenAsync(context, job, cancellationToken);
        await using var intake = new ContentIntake(targets.Writers, job.CompressionLevel);
        var previous = await PreviousBackup.FindAsync(targets.First, job.Name, cancellationToken);

        var stored = await StoreSourcesAsync(targets, intake, previous, cancellationToken);
        var manifest = Describe(runId, began, context.Clock.GetElapsedTime(clockAtStart), stored, targets.States);
        var root = await StoreRootAsync(intake, manifest, stored, began, cancellationToken);
        progress.Begin("finishing", 0);
        await intake.CompleteAsync(cancellationToken); // Packs and index are durable from here.

        // Written last: a snapshot that exists can be restored.
        var copies = await new SnapshotCommit(context, job, targets, previous).ExecuteAsync(manifest, root, stored, cancellationToken);
        NoteWarnings(manifest, targets.States);
        return await ToBackupAsync(copies, CancellationToken.None); // It exists: from here nothing can be cancelled any more.
    }

    private async Task<IReadOnlyList<StoredSource>> StoreSourcesAsync(
        BackupTargets targets, ContentIntake intake, PreviousBackup previous, CancellationToken cancellationToken)
    {
        var chunkers = new ChunkerSet(targets.First.Repository, job.ChunkBytes);
        var storer = new SourceStorer(context, job, targets, intake, chunkers, progress);
        var lastGood = new LastGoodBackup(targets.First, job.Name);
        var stored = new List<StoredSource>();
        foreach (var source in sources)
        {
            var made = await storer.StoreAsync(source, await previous.OfSourceAsync(source.Name, cancellationToken), cancellationToken);
            stored.Add(made with { Manifest = await MarkEmptinessAsync(made.Manifest, lastGood, cancellationToken) });
        }
        return stored.TrueForAll(source => source.Manifest is { Files: 0, Entries.Count: 0 })
            ? throw new LarderException(EngineError.NothingToBackUp, $"The sources of job \"{job.Name}\" handed over nothing at all.")
            {
                Context = new ErrorContext { Job = job.Name },
            }
            : stored;
    }

    private async Task<ManifestSource> MarkEmptinessAsync(
        ManifestSource made, LastGoodBackup lastGood, CancellationToken cancellationToken)
    {
        var isServer = Servers.DumpEngines.IsServer(made.Engine);
        if (request.AcceptEmpty || (!isServer && made.Entries.All(entry => entry.Rows is null)))
        {
            return made;
        }
        string[] purged = job.Purge is { } settings && settings.Source == made.Name ? [.. settings.Always, .. settings.Confirm] : [];
        var found = Emptiness.Find(made, isServer, await lastGood.OfSourceAsync(made.Name, cancellationToken), purged);
        return found.Count == 0 ? made : made with { Warnings = [.. made.Warnings, .. found] };
    }

    private Manifest Describe(
        string runId,
        DateTimeOffset began,
        TimeSpan duration,
        IReadOnlyList<StoredSource> stored,
        IReadOnlyList<ManifestRepository> repositories) => new()
        {
            Job = job.Name,
            RunId = runId,
            Timestamp = BackupTime.Timestamp(began, job.TimeZone),
            CreatedAt = began,
            FinishedAt = began + duration,
            TimeZone = job.TimeZone.Id,
            Status = stored.All(source => source.Manifest.Warnings.Count == 0) ? BackupStatus.Success : BackupStatus.Partial,
            Description = request.Description ?? job.Description,
            Tags = [.. job.Tags.Concat(request.Tags).Distinct()],
            Trigger = context.Trigger,
            CreatedBy = context.CreatedBy,
            LarderVersion = context.LarderVersion,
            Host = context.Host,
            GitCommit = stored.Select(source => source.Manifest.GitCommit).FirstOrDefault(commit => commit is not null),
            GitBranch = stored.Select(source => source.Manifest.GitBranch).FirstOrDefault(branch => branch is not null),
            SizeBytes = stored.Sum(source => source.Manifest.SizeBytes),
            DurationSeconds = Math.Round(duration.TotalSeconds, 3),
            Sources = [.. stored.Select(source => source.Manifest)],
            Repositories = repositories,
        };

    /// <summary>Stores the manifest, then the folders above the sources: <c>/JOB/manifest.json</c> and <c>/JOB/SOURCE</c>.</summary>
    private async Task<BlobId> StoreRootAsync(
        ContentIntake intake,
        Manifest manifest,
        IReadOnlyList<StoredSource> stored,
        DateTimeOffset began,
        CancellationToken cancellationToken)
    {
        var json = ManifestJson.Write(manifest);
        var pending = await intake.StoreAsync(
            new MemoryStream(json),
            new Repository.Chunking.FixedChunker(Repository.Chunking.ChunkSizes.AverageBytesMax),
            cancellationToken);
        await intake.FlushAsync(cancellationToken);
        var content = await pending.Completion;

        var time = UnixTime.From(began);
        var file = new Node
        {
            Name = new NodeName(ManifestJson.FileName),
            Type = NodeType.File,
            Mode = GoFileMode.FromPosix(0x8180), // -rw-------
            ModifiedAt = time,
            AccessedAt = time,
            ChangedAt = time,
            SizeBytes = (ulong)content.Bytes,
            Content = content.Blobs,
        };
        var folders = stored.Select(source => Folder(source.Manifest.Name, source.Tree, time));
        var jobTree = await intake.StoreTreeAsync(new Tree([.. folders.Append(file).OrderBy(node => node.Name)]), cancellationToken);
        return await intake.StoreTreeAsync(new Tree([Folder(job.Name, jobTree, time)]), cancellationToken);
    }

    private static Node Folder(string name, BlobId tree, UnixTime time) => new()
    {
        Name = new NodeName(name),
        Type = NodeType.Directory,
        Mode = GoFileMode.FromPosix(0x41C0), // drwx------
        ModifiedAt = time,
        AccessedAt = time,
        ChangedAt = time,
        Subtree = tree,
    };

    private void NoteWarnings(Manifest manifest, IReadOnlyList<ManifestRepository> states)
    {
        foreach (var source in manifest.Sources)
        {
            warnings.AddRange(
                source.Warnings.Select(warning => $"{source.Name}{(warning.Path.Length > 0 ? $"/{warning.Path}" : "")}: {warning.Reason}"));
        }
        warnings.AddRange(
            states.Where(state => state.FailedBecause is not null)
                .Select(state => $"Repository \"{state.Name}\" was not written: {state.FailedBecause}"));
    }

    private async Task<Backup> ToBackupAsync(IReadOnlyList<BackupCopy> copies, CancellationToken cancellationToken)
    {
        var backup = BackupJoin.Join(copies, context.Library.ZoneOf)[0];
        var listed = await context.Library.ListAsync(copies[0].Repository, cancellationToken);
        return backup with { Category = listed.FirstOrDefault(other => other.BackupId == backup.BackupId)?.Category };
    }

    private async Task RunAfterHooksAsync(HookRunner hooks, Backup backup, CancellationToken cancellationToken)
    {
        var facts = new Dictionary<string, string>
        {
            ["LARDER_STATUS"] = warnings.Count == 0 ? "success" : "partial",
            ["LARDER_BACKUP_ID"] = backup.BackupId,
            ["LARDER_TIMESTAMP"] = backup.Timestamp,
        };
        try
        {
            await hooks.RunAsync("after", job.Hooks.After, facts, cancellationToken);
        }
        catch (LarderException e) when (e.Error == EngineError.HookFailed)
        {
            warnings.Add(e.Message); // The backup stands; the run is `partial`.
        }
    }

    private BackupResult Finish(
        RunJournal journal, string runId, Backup backup, SyncStatus? synced, IReadOnlyList<PurgedCollection>? purged)
    {
        // A backup whose content is whole stays `success` for retention; what is reported now is how the run ended.
        var reported = warnings.Count > 0 ? backup with { Status = BackupStatus.Partial } : backup;
        var result = new BackupResult { RunId = runId, Backup = reported, Warnings = warnings, Sync = synced, Purged = purged };
        foreach (var warning in warnings)
        {
            journal.Append(EventLevel.Warning, warning);
        }
        journal.Finish(new RunResult
        {
            Status = result.IsPartial ? RunStatus.Partial : RunStatus.Success,
            BackupId = backup.BackupId,
            SizeBytes = backup.SizeBytes,
            AddedBytes = backup.AddedBytes,
            ExitStatus = result.ExitStatus,
        });
        return result;
    }

    private async Task FailAsync(RunJournal journal, HookRunner hooks, Exception failure)
    {
        var error = ErrorTable.Describe(failure, new ErrorContext { Job = job.Name });
        journal.Append(EventLevel.Error, error.Message);
        journal.Finish(RunResult.Failed(error));
        try
        {
            var facts = new Dictionary<string, string> { ["LARDER_STATUS"] = "failed", ["LARDER_ERROR"] = $"{error.Code} {error.Message}" };
            await hooks.RunAsync("on_failure", job.Hooks.OnFailure, facts, CancellationToken.None);
        }
        catch (LarderException e)
        {
            context.Warn(e.Message);
        }
    }
}
