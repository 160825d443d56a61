using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;

namespace Larder.Api;

/// <summary>
/// Sees to restores that were killed, before something else is begun. It is a run of its own, and takes no id that was promised.
/// </summary>
internal static class Recovery
{
    /// <summary>Fails where something cannot be put back: nothing may be built upon that.</summary>
    public static async Task RunAsync(EngineContext engine, RunProgress progress, CancellationToken cancellationToken)
    {
        if (RestoreRecovery.IsNeeded(engine))
        {
            await RestoreRecovery.RunAsync(engine with { RunIds = null }, progress, cancellationToken);
        }
    }

    /// <summary>The same for what is worth having whatever stands there: what cannot be put back is a warning.</summary>
    public static async Task TryAsync(EngineContext engine, RunProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(engine, progress, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            engine.Warn(ErrorTable.Describe(e).ToString());
        }
    }
}
