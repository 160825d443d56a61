namespace Larder.Engine.Maintenance;

/// <summary>Copies backups and foreign snapshots from one repository into another.</summary>
public sealed class CopyRun(EngineContext context, CopyRequest request, RunProgress progress)
{
    public Task<CopyReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {request} {progress.Phase} {cancellationToken.IsCancellationRequested}");
}
