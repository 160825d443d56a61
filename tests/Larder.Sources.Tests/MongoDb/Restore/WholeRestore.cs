using Larder.Sources.Dumps;
using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>A restore as it is done when nothing of the old is to be kept: written beside, exchanged, and the old one forgotten.</summary>
internal static class WholeRestore
{
    /// <summary>Where it fails, everything that it has made is gone again.</summary>
    public static async Task<DumpRestoreOutcome> RestoreLiveAsync(
        this MongoDbRestore restore, IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken = default)
    {
        var plan = await restore.PlanAsync(dump, request, CancellationToken.None);
        Assert.Empty(plan.Refusals);
        if (plan.Exchange is not { } record)
        {
            return await restore.RestoreAsync(dump, plan, _ => { }, cancellationToken);
        }
        var exchange = restore.ExchangeFor(record);
        try
        {
            var outcome = await restore.RestoreAsync(dump, plan, _ => { }, cancellationToken);
            await exchange.ExchangeAsync(CancellationToken.None);
            return outcome;
        }
        finally
        {
            await exchange.ForgetAsync(CancellationToken.None);
        }
    }
}
