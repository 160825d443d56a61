using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// Puts back what stood before a restore: after a failure, after a kill, or because somebody asks for it. Whatever can be put back is, and
/// the journal stays open until all of it is.
/// </summary>
internal sealed class WayBack(
    EngineContext context, RestoreFolder folder, RestoreJournal journal, RunJournal events, RunProgress progress)
{
    private readonly RestoreRecord record = journal.Record;
    private readonly ExchangeFactory exchanges = new(context, folder, journal.Record);
    private readonly ServiceControl service = new(journal.Record.Service, events, context.Clock);
    private readonly List<string> failures = [];
    private readonly List<string> left = [];

    /// <summary>
    /// A restore that did not end: what stood there before is live afterwards. Not cancellable. Fails with
    /// <see cref="EngineError.RestoreStuck"/>.
    /// </summary>
    /// <param name="because">Why, a whole sentence.</param>
    /// <returns>
    /// What was written beside and cannot be removed yet, whole sentences: the journal then stays open. Null where nothing is left.
    /// </returns>
    public async Task<string?> UndoAsync(string because)
    {
        await PutBackAsync(forgets: true);
        await StartServiceAsync(asks: false);
        ThrowIfStuck(because);
        if (left.Count > 0)
        {
            return string.Join(" ", left);
        }
        journal.NoteEnd(RestoreEnd.Undone);
        File.Delete(folder.UrlOf(record.RunId)); // The secret in it is needed no more.
        events.Append(EventLevel.Info, "What stood there before is live; nothing of the restore is left.");
        return null;
    }

    /// <summary>
    /// A restore that had ended well. What it had restored is kept beside, with what was written to it since. Fails with
    /// <see cref="EngineError.RestoreStuck"/>, and with <see cref="EngineError.ServiceFailed"/> where the service does not stop, before
    /// anything is changed.
    /// </summary>
    public async Task RollBackAsync(CancellationToken cancellationToken)
    {
        journal.NoteBegin(RestoreStage.Rollback);
        await StopServiceAsync(cancellationToken);
        progress.Begin("putting back what stood there", 0);
        await PutBackAsync(forgets: false);
        await StartServiceAsync(asks: true);
        ThrowIfStuck($"Restore {record.RunId} was to be rolled back.");
        journal.NoteEnd(RestoreEnd.RolledBack);
    }

    private async Task PutBackAsync(bool forgets)
    {
        foreach (var part in record.Parts.Reverse())
        {
            try
            {
                // Not noted: it may be repeated, and a full disk that takes no note must not keep it from being done.
                await PutBackAsync(part, forgets);
            }
            catch (Exception e)
            {
                var error = ErrorTable.Describe(e);
                failures.Add($"{part.Target}: {error.Message}");
                events.Append(EventLevel.Error, $"{part.Target} could not be put back: {error.Message}");
            }
        }
    }

    private async Task PutBackAsync(RestorePart part, bool forgets)
    {
        if (part.IsNested)
        {
            return; // It comes and goes with the folder around it.
        }
        if (part.Exchange is null)
        {
            if (journal.Restore.HasBegun(RestoreStage.Overwrite, part.Number))
            {
                await SafetyBackup.PutBackAsync(context, journal.Restore, part, progress);
            }
            return;
        }
        if (!journal.Restore.HasBegun(RestoreStage.Write, part.Number))
        {
            return;
        }
        var exchange = await exchanges.MakeAsync(part, CancellationToken.None);
        await exchange.UndoAsync(CancellationToken.None);
        if (forgets)
        {
            await ForgetAsync(part, exchange);
        }
        else if (await exchange.LookAsync(CancellationToken.None) == ExchangeState.Exchanged)
        {
            throw new LarderException(EngineError.RestoreStuck, $"{part.Target} still holds what was restored.");
        }
    }

    /// <summary>
    /// What is live is right by now, so a failure keeps nobody from using it: a server whose disk is full drops no database, say.
    /// </summary>
    private async Task ForgetAsync(RestorePart part, IExchange exchange)
    {
        try
        {
            await exchange.ForgetAsync(CancellationToken.None);
            if (part.MadeFolder is { } uppermost)
            {
                MissingFolders.RemoveEmpty(part.Exchange!.Parts[0].Live, uppermost);
            }
        }
        catch (SourceException e)
        {
            left.Add(
                $"What the restore has written beside {part.Target} cannot be removed yet; \"larder restore --resume\" does it. "
                + e.Message);
            events.Append(EventLevel.Warning, left[^1]);
        }
    }

    private async Task StopServiceAsync(CancellationToken cancellationToken)
    {
        if (!service.CanStop)
        {
            return;
        }
        try
        {
            progress.Begin("stopping the service", 0);
            await service.StopAsync(cancellationToken);
        }
        catch (Exception e) when (e is LarderException or OperationCanceledException)
        {
            await StartServiceAsync(asks: false);
            journal.NoteEnd(RestoreEnd.Finished); // As it was.
            throw;
        }
    }

    private async Task StartServiceAsync(bool asks)
    {
        // What is not put back must not be used: then the service stays down, and the error says so.
        if (failures.Count > 0 || !(journal.Restore.HasBegun(RestoreStage.ServiceStop) || journal.Restore.HasBegun(RestoreStage.Rollback)))
        {
            return;
        }
        try
        {
            if (service.CanStart)
            {
                progress.Begin("starting the service", 0);
                await service.StartAsync(CancellationToken.None);
            }
            if (asks && service.CanAsk)
            {
                await service.EnsureHealthyAsync(CancellationToken.None);
            }
        }
        catch (LarderException e)
        {
            // The data is back; that the service does not come up with it is told, and is not ours to undo.
            context.Warn($"What stood there before is live again, but: {e.Message}");
        }
    }

    private void ThrowIfStuck(string because)
    {
        if (failures.Count > 0)
        {
            throw new LarderException(
                EngineError.RestoreStuck,
                $"{because} What stood there before could not be put back{(service.CanStart ? ", so the service was not started" : "")}: "
                + string.Join("; ", failures));
        }
    }
}
