namespace Larder.Engine.Verify;

/// <summary>Verifies backups. What is wrong is in the report and not thrown; thrown is what makes a report impossible: an unknown name,
/// an interruption.</summary>
public sealed class VerifyRun(EngineContext context, VerifyRequest request, RunProgress progress)
{
    public Task<VerifyReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {request} {progress.Phase} {cancellationToken.IsCancellationRequested}");
}
