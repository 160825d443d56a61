using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Restores dumps in mongodump's layout into one MongoDB server. Everything is loaded beside what stands there, under other names in the
/// same databases, compared and indexed there, and waits for its exchange.
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
        RefuseNewcomers(plan, now);
        var run = new RestoreRun(dump, target, connection, now, work, advance);
        return await run.ExecuteAsync(cancellationToken);
    }

    public IExchange ExchangeFor(ExchangeRecord record) => new MongoDbExchange(url, record);

    /// <summary>What the plan did not say would be replaced is not.</summary>
    private static void RefuseNewcomers(DumpRestorePlan planned, DumpRestorePlan now)
    {
        var known = planned.Exchange?.Parts.Where(part => part.Old is not null).Select(part => part.Live).ToHashSet(StringComparer.Ordinal);
        if (now.Exchange?.Parts.FirstOrDefault(part => part.Old is not null && known?.Contains(part.Live) != true) is { } newcomer)
        {
            throw new SourceException(
                SourceError.TargetExists, $"{newcomer.Live} was not there when the restore was planned. Plan it again.");
        }
    }
}
