using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Sources.Tools;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// Finishes, or puts back, what restores left that were killed: where everything had been exchanged the service is started and asked, and
/// all else is undone. Called by the next restore, rollback, backup and cleanup, and by `restore --resume`.
/// </summary>
public static class RestoreRecovery
{
    /// <summary>Whether there is anything to do; cheap, and asks no server.</summary>
    public static bool IsNeeded(EngineContext context) => Unfinished(new RestoreFolder(context.Configuration.StateDirectory)).Any();

    /// <summary>Removes temporary files of processes that were killed. What cannot be removed now is left to the next.</summary>
    public static void RemoveLeftovers(EngineContext context)
    {
        var folder = new RestoreFolder(context.Configuration.StateDirectory);
        foreach (var left in PrivateFolder.RemoveLeftovers().Concat(folder.RemoveLeftovers()))
        {
            context.Warn($"{left} was left by a process that was killed, and was removed.");
        }
    }

    /// <summary>
    /// Fails with <see cref="EngineError.RestoreStuck"/> where something cannot be put back; it can be repeated. A restore that another
    /// process is working on is left alone.
    /// </summary>
    /// <returns>What was done, for people, a whole sentence for each restore.</returns>
    public static async Task<IReadOnlyList<RecoveredRestore>> RunAsync(
        EngineContext context, RunProgress progress, CancellationToken cancellationToken)
    {
        var folder = new RestoreFolder(context.Configuration.StateDirectory);
        var recovered = new List<RecoveredRestore>();
        // The newest first: an older one may lie under it.
        foreach (var interrupted in Unfinished(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var journal = RestoreJournal.TryTake(folder.JournalOf(interrupted.Record.RunId), context.Clock);
            if (journal is { Restore.End: null })
            {
                recovered.Add(await RecoverAsync(context, folder, journal, progress));
            }
        }
        return recovered;
    }

    /// <summary>The journal is open still, so this comes again until it is gone.</summary>
    private static void ThrowIfLeft(string? left)
    {
        if (left is not null)
        {
            throw new LarderException(EngineError.RestoreStuck, $"What stood there before is live. {left}");
        }
    }

    private static IEnumerable<JournaledRestore> Unfinished(RestoreFolder folder) => folder.ReadAll().Where(restore => restore.End is null);

    private static Task<RecoveredRestore> RecoverAsync(
        EngineContext context, RestoreFolder folder, RestoreJournal journal, RunProgress progress)
    {
        var restore = journal.Restore;
        var isRollback = restore.HasBegun(RestoreStage.Rollback);
        return JournaledRun.ExecuteAsync(context, isRollback ? RunKind.Rollback : RunKind.Restore, restore.Record.Job, async events =>
        {
            var what = await RecoverAsync(context, folder, journal, events, isRollback, progress);
            events.Append(EventLevel.Info, what);
            return (new RecoveredRestore(restore.Record.RunId, journal.Restore.End!.Value, what), RunResult.Success);
        });
    }

    private static async Task<string> RecoverAsync(
        EngineContext context, RestoreFolder folder, RestoreJournal journal, RunJournal events, bool isRollback, RunProgress progress)
    {
        var restore = journal.Restore;
        var name = $"Restore {restore.Record.RunId} of backup {restore.Record.ShortId}";
        var wayBack = new WayBack(context, folder, journal, events, progress);
        if (isRollback)
        {
            await wayBack.RollBackAsync(CancellationToken.None);
            return $"{name} was being rolled back when it was interrupted; that is done now.";
        }
        var place = restore.Interrupted is { } stage ? $" while it was at \"{stage}\"" : "";
        if (restore.IsExchanged)
        {
            try
            {
                var service = new ServiceControl(restore.Record.Service, events, context.Clock);
                if (service.CanStart)
                {
                    await journal.DoAsync(RestoreStage.ServiceStart, null, () => service.StartAsync(CancellationToken.None));
                }
                if (service.CanAsk)
                {
                    await journal.DoAsync(RestoreStage.Health, null, () => service.EnsureHealthyAsync(CancellationToken.None));
                }
                journal.NoteEnd(RestoreEnd.Finished);
                return $"{name} was interrupted{place}; everything was in its place already, so it was finished.";
            }
            catch (LarderException e) when (e.Error == EngineError.ServiceFailed)
            {
                ThrowIfLeft(await wayBack.UndoAsync(
                    $"{name} was interrupted{place}, and the service does not work with what it restored."));
                return $"{name} was interrupted{place}, and the service did not work with what it had restored, so it was undone.";
            }
        }
        ThrowIfLeft(await wayBack.UndoAsync($"{name} was interrupted{place}."));
        return $"{name} was interrupted{place}; it was undone, and what stood there before is live.";
    }
}

/// <param name="RunId">Of the restore.</param>
/// <param name="End">How it stands now.</param>
/// <param name="What">What was done, a whole sentence.</param>
public sealed record RecoveredRestore(string RunId, RestoreEnd End, string What);
