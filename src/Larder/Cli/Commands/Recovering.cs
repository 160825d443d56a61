using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;

namespace Larder.Cli.Commands;

/// <summary>Sees to restores that were killed, before something else is begun.</summary>
internal static class Recovering
{
    /// <summary>Fails where something cannot be put back: nothing may be built upon that.</summary>
    public static async Task<IReadOnlyList<RecoveredRestore>> RunAsync(Call call, EngineContext engine, CancellationToken cancellationToken)
    {
        RestoreRecovery.RemoveLeftovers(engine);
        if (!RestoreRecovery.IsNeeded(engine))
        {
            return [];
        }
        IReadOnlyList<RecoveredRestore> recovered;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            recovered = await RestoreRecovery.RunAsync(engine, progress, cancellationToken);
        }
        foreach (var one in recovered)
        {
            call.Words.Warn(one.What);
        }
        return recovered;
    }

    /// <summary>The same for a backup, which is worth having whatever stands there: what cannot be put back is a warning.</summary>
    public static async Task TryAsync(Call call, EngineContext engine, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(call, engine, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            call.Words.Warn(ErrorTable.Describe(e).ToString());
        }
    }
}
