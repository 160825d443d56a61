using Larder.Engine.Drills;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>
/// Puts right what the process before this one left when it was killed. Nothing of it keeps the service from starting: what cannot be put
/// right is logged, and the next start tries again.
/// </summary>
internal static class StartUp
{
    /// <param name="execution">Gives the engine.</param>
    /// <param name="wasInterrupted">Whether runs were found whose process is dead: only then may there be locks of theirs.</param>
    /// <param name="log">Told what was done.</param>
    /// <param name="cancellationToken">The service is to end.</param>
    public static async Task RecoverAsync(RunExecution execution, bool wasInterrupted, ILogger log, CancellationToken cancellationToken)
    {
        using var composition = execution.Compose();
        var context = composition.ContextWithCatalog() with { Trigger = RunOrigin.Schedule };
        await execution.RecoverRestoresAsync(context, cancellationToken);
        try
        {
            DrillRun.RemoveLeftovers(context);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warned(ErrorTable.Describe(e).ToString());
        }
        foreach (var repository in wasInterrupted ? context.Repositories.Names.ToList() : [])
        {
            try
            {
                await new UnlockRun(context, repository, all: false).ExecuteAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.Warned($"Repository \"{repository}\": {ErrorTable.Describe(e).Message}");
            }
        }
    }
}
