using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>
/// Restores dumps through the server's own client. Tables are loaded into a database beside the target, read back and compared, and
/// renamed into place by one statement; what stood is renamed away by the same statement, and back where anything fails afterwards.
/// </summary>
public sealed class MySqlRestore(MySqlServer server, TimeProvider clock) : IDumpRestore
{
    public async Task<DumpRestorePlan> PlanAsync(IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
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
        var connection = await ConnectAsync(cancellationToken);
        var feed = new DumpFeed(dump, connection, advance);
        if (plan.Request.WithUsers && inventory.Users is { } users)
        {
            await feed.RunAsync(users, "", cancellationToken); // First: what follows may belong to them.
        }
        var selections = RestoreSelection.Of(inventory, plan.Request);
        foreach (var selection in selections)
        {
            RestoredFacts.CheckAllThere(selection, plan.Request.Recorded);
        }
        var entries = new List<EntryFacts>();
        if (plan.Request.Part == DumpPart.Data)
        {
            foreach (var selection in selections)
            {
                entries.AddRange(await new RowsInPlace(selection, plan.Request, feed).RestoreAsync(cancellationToken));
            }
        }
        else
        {
            var targets = selections.Select(selection => selection.Target).ToList();
            entries.AddRange(await new StagedRestores(
                [
                    .. selections.Select(selection => new StagedRestore(
                        selection, [.. targets.Where(name => name != selection.Target)], plan.Request, connection, feed)),
                ]).RestoreAsync(cancellationToken));
        }
        return new DumpRestoreOutcome
        {
            Entries = entries,
            Warnings = [.. (await RestorePlanner.FindMissingDefinersAsync(feed, inventory, plan.Request, connection, cancellationToken))
                .Select(definer => new SourceWarning("", $"{definer}, so what runs as it will fail until it is there."))],
        };
    }

    /// <remarks>A plan of this engine has none: it exchanges within <see cref="RestoreAsync"/>, and back where that fails.</remarks>
    public IExchange ExchangeFor(ExchangeRecord record) =>
        throw new NotSupportedException("Restores into MariaDB and MySQL keep nothing beside that could be exchanged.");

    private async Task<RestoreConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var program = MySqlTools.FindClient(server);
        var version = await MySqlClient.ReadOutputAsync(
            new ToolStart { Program = program, Arguments = ["--no-defaults", "--version"], ShownName = Path.GetFileName(program) },
            clock,
            cancellationToken);
        var client = new MySqlClient(server, program, MySqlTools.IsMariaDb(version), clock);
        var serverVersion = (await client.QueryAsync("SELECT VERSION();", cancellationToken))[0][0];
        var tools = await MySqlTools.FindAsync(server, MySqlTools.IsMariaDb(serverVersion), clock, cancellationToken);
        return new RestoreConnection(server, client, tools, new MySqlDump(server, tools, clock, timeout: null), clock);
    }
}

/// <summary>A server to restore into, and the programs that talk to it.</summary>
internal sealed record RestoreConnection(MySqlServer Server, MySqlClient Client, MySqlTools Tools, MySqlDump Dump, TimeProvider Clock);
