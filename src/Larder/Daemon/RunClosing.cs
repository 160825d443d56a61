using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>Sees to it that a run is closed in the catalog, whatever happened, and that what follows from it waits.</summary>
internal sealed class RunClosing(CatalogDatabase catalog, Func<LarderConfiguration> configuration, TimeProvider clock, ILogger log)
{
    /// <summary>
    /// Never throws: where the catalog cannot be written, the row stays, and the next start comes back to it.
    /// </summary>
    /// <returns>What follows from it; in the catalog already.</returns>
    public IReadOnlyList<QueueEntry> Close(QueueEntry entry, Exception? failure, bool isStopping)
    {
        try
        {
            var run = ClosedRun(entry, failure);
            log.Ended(entry.Order.Kind, entry.Run.Job, entry.Run.RunId, run?.Status.ToString() ?? "unknown", run?.ErrorMessage ?? "");
            var followers = run is null ? [] : Followers.Of(entry.Run, entry.Order, run, isStopping, configuration(), clock);
            if (entry.Order is not DirectOrder)
            {
                catalog.Queue.Close(entry.Run.RunId, followers);
            }
            return [.. followers.Select(follower => new QueueEntry(follower, RunOrder.OfJson(follower.Work)!, null))];
        }
        catch (Exception e)
        {
            log.CatalogFailed(ErrorTable.Describe(e).Message);
            return [];
        }
    }

    private Run? ClosedRun(QueueEntry entry, Exception? failure)
    {
        var id = entry.Run.RunId;
        var run = catalog.FindRun(id);
        if (run is { Status: not RunStatus.InProgress } || (run is null && failure is null))
        {
            return run; // Closed by itself; or it ended well and its history was lost, which it warned of.
        }
        if (run is null)
        {
            // It never came to begin: then nobody else notes that it failed.
            catalog.BeginRun(new NewRun
            {
                Id = id,
                Kind = entry.Order.Kind,
                Job = entry.Run.Job,
                Trigger = entry.Run.Trigger,
                CreatedBy = entry.Run.CreatedBy,
                StartedAt = entry.Run.BegunAt,
            });
        }
        var error = failure as LarderException is { Error: EngineError.Interrupted } interrupted
            ? ErrorTable.Describe(interrupted) with { ExitStatus = ExitStatus.Failed } // Nobody asked for it: `failed`, not `cancelled`.
            : ErrorTable.Describe(
                failure ?? new LarderException(EngineError.Unexpected, "The run ended without saying how."),
                new ErrorContext { Job = entry.Run.Job });
        catalog.AppendEvent(id, EventLevel.Error, failure is OperationCanceledException ? failure.Message : error.Message);
        catalog.FinishRun(id, RunResult.Failed(error));
        return catalog.FindRun(id);
    }
}
