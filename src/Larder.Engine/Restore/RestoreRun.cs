using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Repository;

namespace Larder.Engine.Restore;

/// <summary>Executes a plan.</summary>
public static class RestoreRun
{
    /// <summary>
    /// Reads under a shared lock and writes what the plan says. What stood at a target stays whole until it is replaced by something whole;
    /// a failure or cancellation leaves no temporary files. Fails with <see cref="LarderException"/>
    /// (<see cref="EngineError.ConfirmationMissing"/>, <see cref="EngineError.PrerequisiteFailed"/> for a plan with refusals),
    /// <see cref="Larder.Sources.SourceException"/> for the target and <see cref="RepositoryException"/> for the repository.
    /// </summary>
    public static async Task<RestoreResult> ExecuteAsync(RestorePlan plan, RunProgress progress, CancellationToken cancellationToken)
    {
        EnsureAllowed(plan);
        var context = plan.Context;
        var run = new NewRun
        {
            Id = RunId.New(context.Clock),
            Kind = RunKind.Restore,
            Job = plan.Job,
            Trigger = context.Trigger,
            CreatedBy = context.CreatedBy,
        };
        var journal = RunJournal.Begin(context.Catalog, run, context.Warn);
        foreach (var line in plan.Lines)
        {
            journal.Append(EventLevel.Info, $"Source \"{line.Source}\" of backup {plan.ShortId} goes to {line.Target}.");
        }
        try
        {
            var began = context.Clock.GetTimestamp();
            var result = await HeldReading.RunAsync(
                plan.Source,
                context,
                (backup, token) => new RestoreExecution(plan, backup, run.Id, progress).RunAsync(token),
                cancellationToken);
            result = result with { DurationSeconds = Math.Round(context.Clock.GetElapsedTime(began).TotalSeconds, 3) };
            Finish(journal, result);
            return result;
        }
        catch (Exception e)
        {
            journal.Finish(RunResult.Failed(ErrorTable.Describe(e, plan.Source.ErrorContext)) with { BackupId = plan.BackupId });
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

    private static void Finish(RunJournal journal, RestoreResult result)
    {
        foreach (var warning in result.Warnings)
        {
            journal.Append(EventLevel.Warning, $"{warning.Path}: {warning.Reason}");
        }
        foreach (var kept in result.Replaced)
        {
            journal.Append(EventLevel.Info, $"What was replaced is kept as {kept}.");
        }
        var isPartial = result.Status == BackupStatus.Partial;
        journal.Finish(new RunResult
        {
            Status = isPartial ? RunStatus.Partial : RunStatus.Success,
            BackupId = result.BackupId,
            SizeBytes = result.Bytes,
            ExitStatus = isPartial ? ExitStatus.Partial : ExitStatus.Done,
        });
    }
}
