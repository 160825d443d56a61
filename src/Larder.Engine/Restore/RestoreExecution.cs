using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Sources;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;

namespace Larder.Engine.Restore;

/// <summary>
/// One execution of a plan. All that can be written beside its place is written first; then come the database servers, which do the same
/// on their side and may fail or take hours; then what is exchanged in a moment, the databases first, because they may be in use; last the
/// folders that are filled file by file.
/// </summary>
internal sealed class RestoreExecution(RestorePlan plan, ReadableBackup backup, string runId, RunProgress progress)
{
    private readonly List<string> replaced = [];
    private readonly List<RestoredEntry> entries = [];
    private readonly List<ManifestWarning> warnings = [];
    private readonly Stack<IDisposable> temporary = new();
    private long files;
    private long bytes;
    private bool isVerified = true;

    public async Task<RestoreResult> RunAsync(CancellationToken cancellationToken)
    {
        progress.Begin("restoring", plan.Bytes);
        try
        {
            var copies = new List<(FileStep Step, RestoredCopy Copy)>();
            foreach (var step in plan.Steps.OfType<FileStep>())
            {
                copies.Add((step, await WriteCopyAsync(step, cancellationToken)));
            }
            var staged = plan.Steps.OfType<TreeStep>().Where(step => StagingFolder.Fits(step.Root)).ToList();
            var folders = new List<StagingFolder>();
            foreach (var step in staged)
            {
                folders.Add(await StageAsync(step, cancellationToken));
            }
            foreach (var step in plan.Steps.OfType<ServerStep>())
            {
                await RestoreServerAsync(step, cancellationToken);
            }
            cancellationToken.ThrowIfCancellationRequested();

            foreach (var (step, copy) in copies)
            {
                await PutInPlaceAsync(step, copy, cancellationToken);
            }
            folders.ForEach(folder => folder.Publish());
            foreach (var step in plan.Steps.OfType<TreeStep>().Except(staged))
            {
                await WriteTreeAsync(step, step.Root, cancellationToken);
            }
        }
        finally
        {
            while (temporary.TryPop(out var one))
            {
                one.Dispose();
            }
        }
        return Result();
    }

    private async Task<RestoredCopy> WriteCopyAsync(FileStep step, CancellationToken cancellationToken)
    {
        var copy = RestoredCopy.Begin(
            SqliteRestore.ResolveTarget(step.Target), NodeMapping.ToAttributes(step.File), (long)step.File.SizeBytes);
        temporary.Push(copy);
        var written = 0L;
        await foreach (var blob in backup.Blobs.ReadAsync(step.File.Content ?? [], cancellationToken))
        {
            await copy.WriteAsync(blob);
            written += blob.Length;
            progress.Advance(blob.Length);
        }
        await copy.CompleteAsync(cancellationToken);
        Confirm(step, written);
        Note(step, copy.Warnings);
        files++;
        bytes += written;
        return copy;
    }

    private void Confirm(FileStep step, long written)
    {
        var recorded = step.IsDatabase ? null : step.Recorded.Select(facts => facts.Bytes).FirstOrDefault(count => count is not null);
        var expected = recorded ?? (long)step.File.SizeBytes;
        if (written != expected)
        {
            throw new SourceException(
                SourceError.Mismatch, $"What was restored for {step.Target} has {written} bytes, and the backup recorded {expected}.");
        }
    }

    private async Task PutInPlaceAsync(FileStep step, RestoredCopy copy, CancellationToken cancellationToken)
    {
        progress.Phase = "checking and exchanging";
        if (!step.IsDatabase)
        {
            copy.Publish(SqliteRestore.ResolveTarget(step.Target));
            return;
        }
        var restore = new SqliteRestore(plan.Context.Clock, plan.BusyTimeout);
        if (await restore.SwapInAsync(copy.FullPath, step.Target, step.Recorded, cancellationToken) is { } kept)
        {
            replaced.Add(kept);
        }
        isVerified &= step.Recorded.Any(facts => facts.Fingerprint is not null);
    }

    private async Task RestoreServerAsync(ServerStep step, CancellationToken cancellationToken)
    {
        progress.Phase = $"restoring {step.Source.Name}";
        ServerOutcome restored;
        try
        {
            restored = await ServerRestore.ExecuteAsync(backup, step, progress, cancellationToken);
        }
        catch (SourceException e) when ((backup.ErrorContext with { Source = step.Source.Name }).IsNotedOn(e))
        {
            throw;
        }
        entries.AddRange(restored.Entries);
        isVerified &= restored.IsVerified;
        bytes += step.Plan.Bytes;
        Note(step, restored.Warnings);
    }

    private async Task<StagingFolder> StageAsync(TreeStep step, CancellationToken cancellationToken)
    {
        var folder = StagingFolder.Create(step.Root);
        temporary.Push(folder);
        await WriteTreeAsync(step, folder.FullPath, cancellationToken);
        return folder;
    }

    private async Task WriteTreeAsync(TreeStep step, string root, CancellationToken cancellationToken)
    {
        var outcome = await TreeRestore.WriteAsync(backup, step, root, new FileTreeWriterOptions(), progress, cancellationToken);
        files += outcome.Files;
        bytes += outcome.Bytes;
        isVerified &= outcome.IsAsListed;
        Note(step, outcome.Warnings);
    }

    private void Note(RestoreStep step, IEnumerable<SourceWarning> found) => warnings.AddRange(found.Select(warning =>
        new ManifestWarning(warning.Path.Length == 0 ? step.Source.Name : $"{step.Source.Name}/{warning.Path}", warning.Reason)));

    private RestoreResult Result() => new()
    {
        RunId = runId,
        BackupId = plan.BackupId,
        Status = warnings.Count == 0 ? BackupStatus.Success : BackupStatus.Partial,
        Files = files,
        Bytes = bytes,
        DurationSeconds = 0,
        Targets = [.. plan.Lines.Select(line => line.Target)],
        Entries = entries,
        Replaced = replaced,
        Warnings = warnings,
        Verified = isVerified,
    };
}
