using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Engine.Restore.Transaction;

/// <summary>Undoes a finished restore.</summary>
public static class RollbackRun
{
    /// <summary>
    /// Stops the service, puts back what the restore replaced, and starts the service again. What was restored, with all that was written
    /// to it since, is kept beside as long. Fails with <see cref="LarderException"/>: <see cref="EngineError.ServiceFailed"/> before
    /// anything was changed, <see cref="EngineError.RestoreStuck"/>, which the next start goes on with.
    /// </summary>
    public static Task<RollbackResult> ExecuteAsync(RollbackPlan plan, RunProgress progress, CancellationToken cancellationToken) =>
        JournaledRun.ExecuteAsync(plan.Context, RunKind.Rollback, plan.Job, async events =>
        {
            var folder = new RestoreFolder(plan.Context.Configuration.StateDirectory);
            using var journal = RestoreJournal.TryTake(folder.JournalOf(plan.RunId), plan.Context.Clock);
            if (journal is not { Restore.End: RestoreEnd.Finished })
            {
                throw new LarderException(EngineError.NothingToRollBack, $"Restore {plan.RunId} is being worked on by another process.");
            }
            var began = plan.Context.Clock.GetTimestamp();
            await new WayBack(plan.Context, folder, journal, events, progress).RollBackAsync(cancellationToken);
            var result = new RollbackResult
            {
                RunId = plan.RunId,
                BackupId = plan.BackupId,
                Status = "success",
                Targets = [.. plan.Lines.Select(line => line.Target)],
                Kept = [.. journal.Record.Parts.SelectMany(part => part.Exchange?.Parts ?? []).Select(part => part.Beside)],
                DurationSeconds = Math.Round(plan.Context.Clock.GetElapsedTime(began).TotalSeconds, 3),
            };
            events.Append(EventLevel.Info, $"Restore {plan.RunId} was rolled back; what stood before it is live.");
            return (result, RunResult.Success with { BackupId = plan.BackupId });
        });
}

/// <summary>How a rollback ended that was not a failure.</summary>
public sealed record RollbackResult
{
    /// <summary>The restore that was undone.</summary>
    public required string RunId { get; init; }

    public required string BackupId { get; init; }

    /// <summary><c>success</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What is live again.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>What had been restored lies under these names until `cleanup` removes it.</summary>
    public required IReadOnlyList<string> Kept { get; init; }

    public required double DurationSeconds { get; init; }
}
