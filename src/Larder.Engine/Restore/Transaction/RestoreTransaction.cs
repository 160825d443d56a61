using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Exchanges;
using Larder.Sources.Sqlite;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// One execution of a plan, all or nothing: everything is written beside what is live and compared there, then exchanged in a moment. Each
/// step is in the journal before it begins. Whatever fails, what stood before is put back.
/// </summary>
internal sealed class RestoreTransaction(
    RestorePlan plan, ReadableBackup backup, RestoreJournal journal, RunJournal events, RunProgress progress)
{
    private readonly ExchangeFactory exchanges = new(plan.Context, plan.Folder, journal.Record);
    private readonly ServiceControl service = new(journal.Record.Service, events, plan.Context.Clock);
    private readonly PartWriter writer = new(plan, backup, progress);
    private readonly List<ManifestWarning> warnings = [];
    private string? safetyBackup;

    private IEnumerable<(RestorePart Part, RestoreStep Step)> Parts => journal.Record.Parts.Zip(plan.Steps);

    public async Task<RestoreResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CheckPrerequisitesAsync(cancellationToken);
            await TakeSafetyBackupAsync(cancellationToken);
            await StopServiceAsync(cancellationToken);
            await WriteBesideAsync(cancellationToken);
            await ExchangeAsync(cancellationToken);
            await StartServiceAsync(cancellationToken);
            journal.NoteEnd(RestoreEnd.Finished);
            return await ResultAsync();
        }
        catch (Exception failure)
        {
            throw await UndoAsync(failure);
        }
    }

    /// <summary>A plan may be minutes old when it is confirmed: names that this restore will make must still be free.</summary>
    private Task CheckPrerequisitesAsync(CancellationToken cancellationToken)
    {
        progress.Begin("checking what must be so", 0);
        return journal.DoAsync(RestoreStage.Prerequisites, null, async () =>
        {
            foreach (var part in Exchanged)
            {
                if (await (await exchanges.MakeAsync(part, cancellationToken)).LookAsync(cancellationToken) != ExchangeState.Untouched)
                {
                    throw new LarderException(EngineError.PrerequisiteFailed, $"{part.Target} is being restored already.");
                }
            }
        });
    }

    private async Task TakeSafetyBackupAsync(CancellationToken cancellationToken)
    {
        if (plan.Safety is not { } safety)
        {
            return;
        }
        await journal.DoAsync(RestoreStage.SafetyBackup, null, async () =>
        {
            progress.Begin("backing up what stands there", 0);
            var mayBePartial = journal.Record.Parts.All(part => part.Exchange is not null);
            safetyBackup = await safety.TakeAsync(mayBePartial, progress, cancellationToken);
            events.Append(EventLevel.Info, safetyBackup is null
                ? "Nothing stands there now that could be saved."
                : $"What stands there now is in the safety backup {safetyBackup[..8]}.");
            return safetyBackup;
        });
    }

    private async Task StopServiceAsync(CancellationToken cancellationToken)
    {
        if (service.CanStop)
        {
            progress.Begin("stopping the service", 0);
            await journal.DoAsync(RestoreStage.ServiceStop, null, () => service.StopAsync(cancellationToken));
        }
    }

    private async Task WriteBesideAsync(CancellationToken cancellationToken)
    {
        progress.Begin("restoring", plan.Bytes);
        // What is nested goes into what was written around it.
        foreach (var (part, step) in Parts.Where(one => !one.Step.Overwrites).OrderBy(one => one.Part.IsNested))
        {
            await journal.DoAsync(RestoreStage.Write, part.Number, () => writer.WriteAsync(step, cancellationToken));
        }
    }

    /// <summary>From its first change on it is not cancelled: it is over in moments, and going on is the shorter way.</summary>
    private async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        foreach (var (part, step) in Parts.Where(one => one.Step.Overwrites))
        {
            // Before the exchanges: this takes long and may fail, and then there is less to put back.
            await journal.DoAsync(RestoreStage.Overwrite, part.Number, () => writer.WriteAsync(step, cancellationToken));
        }
        cancellationToken.ThrowIfCancellationRequested();
        progress.Begin("exchanging", 0);
        EnsureNestedAreFree();
        foreach (var (part, _) in Parts.Where(one => one.Part.Exchange is not null))
        {
            var exchange = await exchanges.MakeAsync(part, CancellationToken.None);
            await journal.DoAsync(RestoreStage.Exchange, part.Number, () => exchange.ExchangeAsync(CancellationToken.None));
        }
    }

    private async Task StartServiceAsync(CancellationToken cancellationToken)
    {
        if (service.CanStart)
        {
            progress.Begin("starting the service", 0);
            await journal.DoAsync(RestoreStage.ServiceStart, null, () => service.StartAsync(cancellationToken));
        }
        if (service.CanAsk)
        {
            progress.Begin("asking whether the service works", 0);
            await journal.DoAsync(RestoreStage.Health, null, () => service.EnsureHealthyAsync(cancellationToken));
        }
    }

    /// <summary>
    /// A program that has a database open would go on writing to it in the folder that is put aside. A database with an exchange of its own
    /// sees to that itself.
    /// </summary>
    private void EnsureNestedAreFree()
    {
        foreach (var step in plan.Steps.OfType<FileStep>().Where(step => step is { IsDatabase: true, Nested: not null }))
        {
            if (SqliteUsers.Find(step.Target) is { Count: > 0 } users)
            {
                throw new SourceException(
                    SourceError.TargetBusy,
                    $"The database {step.Target} was not replaced because {string.Join(", ", users)} has it open. Stop the service "
                    + "that uses it and restore again.");
            }
        }
    }

    /// <returns>What to throw.</returns>
    private async Task<Exception> UndoAsync(Exception failure)
    {
        var error = ErrorTable.Describe(failure, plan.Source.ErrorContext);
        events.Append(EventLevel.Error, error.Message);
        var isUndoing = journal.Restore.WasNoticeable || failure is SourceException { Error: SourceError.Mismatch };
        progress.Begin("putting back what stood there", 0);
        if (await new WayBack(plan.Context, plan.Folder, journal, events, progress).UndoAsync(error.Message) is { } left)
        {
            plan.Context.Warn(left);
        }
        return !isUndoing || failure is OperationCanceledException
            ? failure
            : new LarderException(
                EngineError.RestoreUndone,
                $"The restore of backup {plan.ShortId} failed and was undone; what stood there before is live. {error.Message}",
                failure)
            {
                Context = plan.Source.ErrorContext,
            };
    }

    private IEnumerable<RestorePart> Exchanged => journal.Record.Parts.Where(part => part.Exchange is not null);

    /// <summary>Nothing stood at any target, so there is nothing to go back to, and nothing to keep beside.</summary>
    private async Task ForgetAsync()
    {
        foreach (var part in Exchanged)
        {
            try
            {
                await (await exchanges.MakeAsync(part, CancellationToken.None)).ForgetAsync(CancellationToken.None);
            }
            catch (SourceException e)
            {
                plan.Context.Warn($"What {part.Target} was exchanged with could not be removed yet; cleanup will. {e.Message}");
                return;
            }
        }
        plan.Folder.Remove(journal.Record.RunId);
    }

    private async Task<RestoreResult> ResultAsync()
    {
        warnings.AddRange(writer.Warnings);
        var isKept = safetyBackup is not null || plan.Request.SkipsSafety;
        if (!isKept)
        {
            await ForgetAsync();
        }
        return new RestoreResult
        {
            RunId = journal.Record.RunId,
            BackupId = plan.BackupId,
            Status = warnings.Count == 0 ? BackupStatus.Success : BackupStatus.Partial,
            Files = writer.Files,
            Bytes = writer.Bytes,
            DurationSeconds = 0,
            Targets = [.. plan.Lines.Select(line => line.Target)],
            Entries = writer.Entries,
            SafetyBackup = safetyBackup,
            Replaced = isKept ? [.. Exchanged.SelectMany(part => part.Exchange!.Parts.Select(one => one.Old)).OfType<string>()] : [],
            Warnings = warnings,
            Verified = writer.IsVerified,
        };
    }
}
