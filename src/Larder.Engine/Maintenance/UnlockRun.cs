namespace Larder.Engine.Maintenance;

/// <summary>Removes locks that were left behind, or all.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Null for all repositories.</param>
/// <param name="all">Also locks of processes that may be alive: only where somebody knows that they are not.</param>
public sealed class UnlockRun(EngineContext context, string? repository, bool all)
{
    public Task<UnlockReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {repository} {all} {cancellationToken.IsCancellationRequested}");
}
