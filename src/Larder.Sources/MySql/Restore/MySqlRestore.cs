using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Restores dumps through the server's own client. Tables are loaded into a database beside the target, read back and compared, and wait
/// there for their exchange. Rows alone go into the tables that stand there, in one transaction.
/// </summary>
public sealed class MySqlRestore(MySqlServer server, TimeProvider clock) : IDumpRestore
{
    public async Task<DumpRestorePlan> PlanAsync(IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken)
    {
        var connection = await RestoreConnection.OpenAsync(server, clock, cancellationToken);
        return await new RestorePlanner(dump, request, connection).PlanAsync(cancellationToken);
    }

    public async Task<DumpRestoreOutcome> RestoreAsync(
        IStoredDump dump, DumpRestorePlan plan, Action<long> advance, CancellationToken cancellationToken)
    {
        if (plan.Refusals.Count > 0)
        {
            throw new SourceException(SourceError.TargetExists, plan.Refusals[0]);
        }
        var inventory = DumpInventory.Of(dump);
        var selections = RestoreSelection.Of(inventory, plan.Request);
        foreach (var selection in selections)
        {
            RestoredFacts.CheckAllThere(selection, plan.Request.Recorded);
        }
        var connection = await RestoreConnection.OpenAsync(server, clock, cancellationToken);
        var feed = new DumpFeed(dump, connection, advance);
        if (plan.Request.WithUsers && inventory.Users is { } users)
        {
            await feed.RunAsync(users, "", cancellationToken); // First: what follows may belong to them.
        }
        var entries = (plan.Exchange, plan.Request.Part) switch
        {
            ({ } record, _) => await new BesideRestore(selections, plan.Request, feed, ExchangePlace.Of(record))
                .RunAsync(cancellationToken),
            (null, DumpPart.Data) => await WriteRowsAsync(selections, plan.Request, feed, cancellationToken),
            _ => await new InPlaceRestore(selections, plan.Request, feed).RunAsync(cancellationToken),
        };
        return new DumpRestoreOutcome
        {
            Entries = entries,
            Warnings = [.. (await RestorePlanner.FindMissingDefinersAsync(feed, inventory, plan.Request, connection, cancellationToken))
                .Select(definer => new SourceWarning("", $"{definer}, so what runs as it will fail until it is there."))],
        };
    }

    public IExchange ExchangeFor(ExchangeRecord record) => new MySqlExchange(server, record, clock);

    private static async Task<IReadOnlyList<EntryFacts>> WriteRowsAsync(
        IReadOnlyList<RestoreSelection> selections, DumpRestoreRequest request, DumpFeed feed, CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        foreach (var selection in selections)
        {
            entries.AddRange(await new RowsInPlace(selection, request, feed).RestoreAsync(cancellationToken));
        }
        return entries;
    }
}
