using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Restores dumps in pg_dump's directory format into a PostgreSQL server. A whole database goes into a new one beside the live one, which
/// then takes its name in one transaction; tables go into the live database in one transaction.
/// </summary>
/// <param name="target">The server.</param>
/// <param name="clock">Names the databases beside the live ones, and times the programs.</param>
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
        var restore = new BesideRestore(look, target, clock, dump, request, advance);
        return await restore.RunAsync(cancellationToken);
    }

    public IExchange ExchangeFor(ExchangeRecord record) =>
        throw new NotSupportedException("Plans of this engine have no exchange yet.");
}
