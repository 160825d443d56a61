using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Restores dumps in mongodump's layout into one MongoDB server. Everything is loaded beside what stands there, under temporary names in
/// the same databases, compared and indexed there, and gets its true name in the end, each collection in one moment.
/// </summary>
/// <param name="url">The server; passwords in it are never shown.</param>
public sealed class MongoDbRestore(string url) : IDumpRestore
{
    public async Task<DumpRestorePlan> PlanAsync(IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken)
    {
        var layout = await DumpLayout.ReadAsync(dump, cancellationToken);
        using var target = RestoreTarget.Open(url);
        await using var connection = await target.ConnectAsync(cancellationToken);
        var (plan, _) = await new RestorePlanner(layout, request, target, connection).DecideAsync(cancellationToken);
        return plan;
    }

    public async Task<DumpRestoreOutcome> RestoreAsync(
        IStoredDump dump, DumpRestorePlan plan, Action<long> advance, CancellationToken cancellationToken)
    {
        var layout = await DumpLayout.ReadAsync(dump, cancellationToken);
        using var target = RestoreTarget.Open(url);
        await using var connection = await target.ConnectAsync(cancellationToken);

        // Decided again, because the server may have changed since the plan was shown.
        var (now, work) = await new RestorePlanner(layout, plan.Request, target, connection).DecideAsync(cancellationToken);
        if (now.Refusals.Count > 0)
        {
            throw new SourceException(SourceError.TargetExists, string.Join(' ', now.Refusals));
        }
        var run = new RestoreRun(dump, target, connection, plan.Request, work, advance);
        return await run.ExecuteAsync(cancellationToken);
    }

    public IExchange ExchangeFor(ExchangeRecord record) =>
        throw new NotSupportedException("Plans of this engine have no exchange yet.");
}
