using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Restores dumps in pg_dump's directory format into a PostgreSQL server. A whole database goes into a new one beside the live one, to be
/// exchanged in one transaction; tables go into the live database in one transaction.
/// </summary>
/// <param name="target">The server.</param>
/// <param name="clock">Times the programs.</param>
public sealed class PostgreSqlRestore(PostgreSqlTarget target, TimeProvider clock) : IDumpRestore
{
    // The same server is asked once by psql and found again, which takes a tenth of a second each time.
    private TargetServer? known;

    public async Task<DumpRestorePlan> PlanAsync(IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken)
    {
        var look = await RestoreLook.TakeAsync(target, known, dump, request, clock, cancellationToken);
        known = look.Server;
        return RestorePlanText.Describe(look, request);
    }

    public async Task<DumpRestoreOutcome> RestoreAsync(
        IStoredDump dump, DumpRestorePlan plan, Action<long> advance, CancellationToken cancellationToken)
    {
        // The server may have changed since the plan was made, so it is looked at again.
        var request = plan.Request;
        var look = await RestoreLook.TakeAsync(target, known, dump, request, clock, cancellationToken);
        known = look.Server;
        if (plan.Refusals.Concat(look.Refusals).FirstOrDefault() is { } refusal)
        {
            throw new SourceException(SourceError.TargetExists, refusal);
        }
        if (look.Globals is { } globals)
        {
            await globals.RunAsync(look.Server, look.Found, cancellationToken);
        }
        return plan.Exchange is null
            ? await RestoreWithinAsync(look, dump, request, advance, cancellationToken)
            : await new BesideRestore(look, target, clock, dump, plan, advance).RunAsync(cancellationToken);
    }

    public IExchange ExchangeFor(ExchangeRecord record) => new PostgreSqlExchange(target, record, clock);

    private async Task<DumpRestoreOutcome> RestoreWithinAsync(
        RestoreLook look, IStoredDump dump, DumpRestoreRequest request, Action<long> advance, CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        var warnings = new List<SourceWarning>();
        foreach (var work in look.Works)
        {
            if (work.Way != RestoreWay.Within)
            {
                throw new SourceException(
                    SourceError.TargetExists, $"The database {work.Target} has gone since the restore was planned. Plan it again.");
            }
            await new WithinRestore(look, dump, request, clock, advance).RunAsync(work, entries, warnings, cancellationToken);
        }
        return new DumpRestoreOutcome { Entries = entries, Warnings = warnings };
    }
}
