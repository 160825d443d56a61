using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Engine.Cleanup;

/// <summary>
/// Carries out a plan. A repository that fails is named in the report, and the others are cleaned nevertheless. A repeated run is harmless.
/// </summary>
public sealed class CleanupRun(EngineContext context, CleanupPlan plan, RunProgress progress)
{
    public Task<CleanupReport> ExecuteAsync(CancellationToken cancellationToken) =>
        JournaledRun.ExecuteAsync(context, RunKind.Cleanup, plan.Job, journal => CleanAsync(journal, cancellationToken));

    private async Task<(CleanupReport Made, RunResult Result)> CleanAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        var began = context.Clock.GetTimestamp();
        var removal = new Removal(context, journal, progress);
        removal.Hints.AddRange(plan.Hints);
        foreach (var repository in plan.Repositories)
        {
            if (repository.Error is { } error)
            {
                removal.Skip(repository.Repository, error);
            }
            else
            {
                await removal.ExecuteAsync(repository.Repository, repository.Lines, needsKept: true, cancellationToken);
            }
        }
        await ForgetAsync(removal, journal, cancellationToken);
        var kept = plan.Repositories.SelectMany(repository => repository.Lines).Where(line => line.Keep).DistinctBy(line => line.BackupId)
            .Count();
        return removal.Finish(kept, began);
    }

    /// <summary>Removes what restores replaced long enough ago. What cannot be removed now is removed by the next cleanup.</summary>
    private async Task ForgetAsync(Removal removal, RunJournal journal, CancellationToken cancellationToken)
    {
        foreach (var kept in plan.Due)
        {
            try
            {
                if (await kept.ForgetAsync(context, cancellationToken))
                {
                    journal.Append(EventLevel.Info, $"What restore {kept.RunId} replaced was removed: {string.Join(", ", kept.Targets)}.");
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                removal.Hints.Add($"What restore {kept.RunId} replaced could not be removed: {ErrorTable.Describe(e).Message}");
            }
        }
    }
}
