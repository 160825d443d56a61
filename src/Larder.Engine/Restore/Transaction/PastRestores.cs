using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Restore.Transaction;

/// <summary>What restores took before.</summary>
internal static class PastRestores
{
    private const int ComparedMax = 10;

    /// <summary>
    /// About how many seconds a restore of so many bytes takes, by the median rate of the last ones of the same job; null where there was
    /// none, or no history.
    /// </summary>
    public static double? Estimate(EngineContext context, string? job, long bytes)
    {
        if (context.Catalog is not { } catalog || job is null)
        {
            return null;
        }
        try
        {
            var rates = catalog.Runs(new RunFilter { Job = job, Kind = RunKind.Restore, Limit = ComparedMax }).Runs
                .Where(run => run is { Status: RunStatus.Success or RunStatus.Partial, SizeBytes: > 0, FinishedAt: not null })
                .Select(run => run.SizeBytes!.Value / Math.Max(0.001, (run.FinishedAt!.Value - run.StartedAt).TotalSeconds))
                .ToList();
            return rates.Count == 0 ? null : Math.Round(bytes / Median.Of(rates), 1);
        }
        catch (LarderException)
        {
            return null; // A plan does without.
        }
    }
}
