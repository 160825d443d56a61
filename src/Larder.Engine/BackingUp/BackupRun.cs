using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
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
    private readonly List<string> warnings = [];

    /// <exception cref="LarderException">The job or a source is not known, or nothing is selected.</exception>
    public BackupRun(EngineContext context, BackupRequest request, RunProgress progress)
    {
        this.context = context;
        this.request = request;
        this.progress = progress;
        job = context.JobOf(request.Job);
        sources = request.SelectFrom(job);
    }

    /// <summary>Of a job that the configuration does not have in this form: the safety backup of a restore.</summary>
    internal BackupRun(EngineContext context, JobSettings job, BackupRequest request, RunProgress progress)
    {
        this.context = context;
        this.request = request;
        this.progress = progress;
        this.job = job;
        sources = request.SelectFrom(job);
    }

    /// <summary>Makes the backup. It exists when this completes, has been read back, and is in the catalog.</summary>
    /// <exception cref="Exception">Whatever went wrong: then there is no backup, the run is `failed`, and the job's hooks for failure have
    /// run.</exception>
    public async Task<BackupResult> ExecuteAsync(CancellationToken cancellationToken)
    {
        using var gate = JobGate.Enter(context, job);
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
            var backup = await StoreBoundedAsync(runId, cancellationToken);
            await RunAfterHooksAsync(hooks, backup, cancellationToken);
            return Finish(journal, runId, backup);
        }
        catch (Exception e)
        {
            await FailAsync(journal, hooks, e);
            throw;
        }
    }

    private async Task<Backup> StoreBoundedAsync(string runId, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timeout = job.Timeout is { } limit
            ? context.Clock.CreateTimer(_ => bounded.Cancel(), null, limit, System.Threading.Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            return await StoreAsync(runId, bounded.Token);
        }
        catch (OperationCanceledException e) when (bounded.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new Sources.SourceException(
                Sources.SourceError.TimedOut,
                $"Job \"{job.Name}\" took longer than its timeout of {DurationText.Format(job.Timeout!.Value)}.",
                e);
        }
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
        var copies = await CommitAsync(targets, manifest, root, stored, previous, cancellationToken);
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
        var found = Emptiness.Find(made, isServer, await lastGood.OfSourceAsync(made.Name, cancellationToken));
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

    /// <summary>
    /// Commits the snapshot in every sound repository. The first one's id names the backup; the others carry it as <c>original</c>.
    /// </summary>
    private async Task<IReadOnlyList<BackupCopy>> CommitAsync(
        BackupTargets targets,
        Manifest manifest,
        BlobId root,
        IReadOnlyList<StoredSource> stored,
        PreviousBackup previous,
        CancellationToken cancellationToken)
    {
        var copies = new List<BackupCopy>();
        foreach (var (name, writer) in targets.Sound.ToList())
        {
            var snapshot = new Snapshot
            {
                Time = TimeOf(manifest, previous),
                Tree = root,
                Parent = writer == targets.First ? previous.SnapshotId : null,
                Paths = [$"/{job.Name}"],
                Hostname = context.Host,
                Username = context.CreatedBy,
                Tags = BackupTags.Of(job.Name, manifest.Status, pinned: false, manifest.Tags),
                Original = copies.Count == 0 ? null : copies[0].SnapshotId,
                ProgramVersion = $"larder {context.LarderVersion}",
                Summary = Summarize(manifest, stored, writer.Statistics),
            };
            try
            {
                var id = await writer.CommitSnapshotAsync(snapshot, cancellationToken);
                await ReadBackAsync(name, writer, id, snapshot, manifest, cancellationToken);
                copies.Add(new BackupCopy { Repository = name, SnapshotId = id, Snapshot = snapshot, Manifest = manifest });
            }
            catch (RepositoryException e) when (copies.Count > 0 || targets.Sound.Count() > 1)
            {
                writer.Fail(e);
            }
            catch (OperationCanceledException)
            {
                // A cancelled backup leaves no snapshot, in the repositories that were done either.
                foreach (var copy in copies)
                {
                    await targets.Sound.First(target => target.Name == copy.Repository).Writer.WithdrawSnapshotAsync(copy.SnapshotId);
                }
                throw;
            }
        }
        return copies.Count > 0
            ? copies
            : throw new LarderException(
                EngineError.ReadBackFailed,
                $"The backup of job \"{job.Name}\" could be committed to none of its repositories.",
                targets.Writers[0].Failure);
    }

    /// <summary>
    /// Of a safety backup just before the newest backup proper, so that it is not what stock restic takes for `latest`. When it was really
    /// made is in its manifest, by which Larder goes, and in the summary of its snapshot.
    /// </summary>
    private static DateTimeOffset TimeOf(Manifest manifest, PreviousBackup previous) =>
        manifest.Tags.Contains(BackupTags.Safety) && previous.Time < manifest.CreatedAt
            ? previous.Time.Value - TimeSpan.FromMilliseconds(1)
            : manifest.CreatedAt;

    private static SnapshotSummary Summarize(Manifest manifest, IReadOnlyList<StoredSource> stored, WriterStatistics statistics) => new()
    {
        BackupStart = manifest.CreatedAt,
        BackupEnd = manifest.FinishedAt,
        FilesNew = (ulong)stored.Sum(source => source.Figures.Files - source.Figures.UnchangedFiles),
        FilesUnmodified = (ulong)stored.Sum(source => source.Figures.UnchangedFiles),
        DataBlobs = statistics.DataBlobs,
        TreeBlobs = statistics.TreeBlobs,
        DataAdded = (ulong)statistics.AddedPlainBytes,
        DataAddedPacked = (ulong)statistics.StoredBytes,
        TotalFilesProcessed = (ulong)stored.Sum(source => source.Figures.Files),
        TotalBytesProcessed = (ulong)manifest.SizeBytes,
    };

    /// <summary>
    /// Reads trees and manifest back from the storage: what cannot be read back does not count, and its snapshot is taken back.
    /// </summary>
    private static async Task ReadBackAsync(
        string repository,
        RepositoryWriter writer,
        SnapshotId id,
        Snapshot snapshot,
        Manifest manifest,
        CancellationToken cancellationToken)
    {
        try
        {
            var trees = new Repository.Reading.TreeSource(writer.Repository, writer.Index);
            var (stored, _) = await OpenBackup.ReadManifestAsync(writer.Repository, trees, snapshot, cancellationToken);
            if (stored.RunId != manifest.RunId)
            {
                throw new RepositoryException(
                    RepositoryError.StorageFailed, $"Repository \"{repository}\" does not give back the manifest that was written to it.");
            }
        }
        catch
        {
            await writer.WithdrawSnapshotAsync(id);
            throw;
        }
    }

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

    private BackupResult Finish(RunJournal journal, string runId, Backup backup)
    {
        // A backup whose content is whole stays `success` for retention; what is reported now is how the run ended.
        var reported = warnings.Count > 0 ? backup with { Status = BackupStatus.Partial } : backup;
        var result = new BackupResult { RunId = runId, Backup = reported, Warnings = warnings };
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
