using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;
using Larder.Repository;

namespace Larder.Engine.Restore;

/// <summary>Executes a plan.</summary>
public static class RestoreRun
{
    /// <summary>
    /// Does what the plan says, as a transaction: what stood at the targets is live until all that replaces it is whole, and is put back
    /// where anything fails afterwards. Fails with <see cref="LarderException"/> (<see cref="EngineError.ConfirmationMissing"/>;
    /// <see cref="EngineError.PrerequisiteFailed"/> for a plan with refusals; <see cref="EngineError.RestoreUndone"/>;
    /// <see cref="EngineError.RestoreStuck"/>), before anything was changed also with <see cref="Larder.Sources.SourceException"/> for
    /// the target and <see cref="RepositoryException"/> for the repository.
    /// </summary>
    public static async Task<RestoreResult> ExecuteAsync(RestorePlan plan, RunProgress progress, CancellationToken cancellationToken)
    {
        EnsureAllowed(plan);
        var context = plan.Context;
        using var gate = EnterGate(plan);
        var run = new NewRun
        {
            Id = plan.RunId,
            Kind = RunKind.Restore,
            Job = plan.Job,
            Trigger = context.Trigger,
            CreatedBy = context.CreatedBy,
        };
        var events = RunJournal.Begin(context.Catalog, run, context.Warn, context.Watch);
        foreach (var line in plan.Lines)
        {
            events.Append(EventLevel.Info, $"Source \"{line.Source}\" of backup {plan.ShortId} goes to {line.Target}.");
        }
        try
        {
            var began = context.Clock.GetTimestamp();
            using var journal = RestoreJournal.Begin(plan.Folder, Describe(plan), UrlOf(plan), context.Clock);
            var result = await HeldReading.RunAsync(
                plan.Source,
                context,
                (backup, token) => new RestoreTransaction(plan, backup, journal, events, progress).RunAsync(token),
                cancellationToken);
            result = result with { DurationSeconds = Math.Round(context.Clock.GetElapsedTime(began).TotalSeconds, 3) };
            Finish(events, result);
            if (plan.Request.IsBare)
            {
                plan.Folder.Remove(plan.RunId);
            }
            return result;
        }
        catch (Exception e)
        {
            events.Finish(RunResult.Failed(ErrorTable.Describe(e, plan.Source.ErrorContext)) with { BackupId = plan.BackupId });
            throw;
        }
    }

    private static void EnsureAllowed(RestorePlan plan)
    {
        if (plan.Refusals.Count > 0)
        {
            throw new LarderException(EngineError.PrerequisiteFailed, string.Join(' ', plan.Refusals.Select(refusal => refusal.Reason)))
            {
                Context = plan.Source.ErrorContext,
            };
        }
        if (!plan.IsConfirmed)
        {
            throw new LarderException(
                EngineError.ConfirmationMissing, $"The restore of backup {plan.ShortId} was not confirmed; nothing was changed.")
            {
                Context = plan.Source.ErrorContext,
            };
        }
    }

    /// <summary>Where the job's own data is replaced, no other run of it may be under way.</summary>
    private static JobGate? EnterGate(RestorePlan plan) =>
        plan.Request is { IsBare: false, Target: null, Environment: null } && plan.Job is { } name
            && plan.Context.Configuration.Jobs.ContainsKey(name)
            ? JobGate.Enter(plan.Context, name)
            : null;

    private static RestoreRecord Describe(RestorePlan plan) => new()
    {
        RunId = plan.RunId,
        BackupId = plan.BackupId,
        Job = plan.Job,
        Timestamp = plan.Timestamp,
        Repository = plan.Repository,
        StartedAt = plan.Context.Clock.GetUtcNow(),
        CreatedBy = plan.Context.CreatedBy,
        Environment = plan.Request.Environment,
        Parts =
        [
            .. plan.Steps.Zip(plan.Lines).Select((one, number) => new RestorePart
            {
                Number = number,
                Source = one.First.Source.Name,
                Engine = one.First.Source.Engine,
                Target = one.Second.Target,
                Address = one.First.Address,
                Exchange = one.First.Exchange,
                IsNested = one.First.Nested is not null,
                MadeFolder = one.First is ServerStep or { Exchange: null }
                    ? null
                    : MissingFolders.Uppermost(one.First.Exchange!.Parts[0].Live),
            }),
        ],
        Service = plan.Service,
        KeepSafety = plan.Job is { } job && plan.Context.Configuration.Jobs.TryGetValue(job, out var settings)
            ? settings.KeepSafety
            : SafetyBackup.KeptByDefault,
    };

    private static string? UrlOf(RestorePlan plan) =>
        plan.Steps.Any(step => step.Address.Kind == AddressKind.Url) ? plan.Request.Target : null;

    private static void Finish(RunJournal events, RestoreResult result)
    {
        foreach (var warning in result.Warnings)
        {
            events.Append(EventLevel.Warning, $"{warning.Path}: {warning.Reason}");
        }
        foreach (var kept in result.Replaced)
        {
            events.Append(EventLevel.Info, $"What was replaced is kept as {kept}.");
        }
        var isPartial = result.Status == BackupStatus.Partial;
        events.Finish(new RunResult
        {
            Status = isPartial ? RunStatus.Partial : RunStatus.Success,
            BackupId = result.BackupId,
            SizeBytes = result.Bytes,
            ExitStatus = isPartial ? ExitStatus.Partial : ExitStatus.Done,
        });
    }
}
