using Larder.Sources.Exchanges;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Exchanges databases, or single tables, for those that were restored beside them. All tables of all of them change places in one
/// RENAME TABLE, and so does the mark that says how far it is. What no rename can move is taken away before it and made again after it;
/// where there is none, that one statement is all. Everything may be repeated from wherever somebody was ended.
/// </summary>
/// <param name="server">The server that the record speaks of.</param>
/// <param name="record">From the plan of the restore, or read again from its journal.</param>
/// <param name="clock">Times the programs.</param>
/// <param name="afterCall">Told of each statement that has changed something; what it throws ends the operation there.</param>
public sealed class MySqlExchange(MySqlServer server, ExchangeRecord record, TimeProvider clock, Action<string>? afterCall = null)
    : IExchange
{
    private readonly IReadOnlyList<ExchangePlace> places = ExchangePlace.Of(record);

    public Task<ExchangeState> LookAsync(CancellationToken cancellationToken) => DoAsync(
        async session => await MarkOf(session).ReadAsync(cancellationToken) switch
        {
            ExchangePhase.None => ExchangeState.Untouched,
            ExchangePhase.Whole => ExchangeState.Beside,
            ExchangePhase.Exchanged => ExchangeState.Exchanged,
            _ => ExchangeState.Between,
        },
        cancellationToken);

    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await DoAsync(
                async session =>
                {
                    var phase = await MarkOf(session).ReadAsync(cancellationToken);
                    if (phase == ExchangePhase.None)
                    {
                        throw new InvalidOperationException($"Nothing whole lies beside {places[0].Database}.");
                    }
                    cancellationToken.ThrowIfCancellationRequested();
                    await new PlaceExchange(places, session, MarkOf(session)).PutLiveAsync(phase);
                    return true;
                },
                cancellationToken);
        }
        catch (SourceException)
        {
            await TryPutBackAsync();
            throw;
        }
    }

    public Task UndoAsync(CancellationToken cancellationToken) => DoAsync(PutBackAsync, cancellationToken);

    public Task ForgetAsync(CancellationToken cancellationToken) => DoAsync(
        async session =>
        {
            if (await MarkOf(session).ReadAsync(cancellationToken) is ExchangePhase.Leaving or ExchangePhase.Coming)
            {
                throw new SourceException(
                    SourceError.TargetFailed, $"Not everything in {record.Target} is exchanged, so nothing is removed. Undo the restore.");
            }
            await RefuseLastAsync(session, cancellationToken);

            // First the mark: without it nothing counts as whole, so a kill half way leaves nothing that could be taken for the old data.
            foreach (var database in places.SelectMany(place => new[] { place.Beside, place.Old })
                .Prepend(ExchangeMark.DatabaseOf(places)))
            {
                if (await new LiveDatabase(session.QueryAsync, database).IsThereAsync(cancellationToken))
                {
                    await session.RunAsync($"DROP DATABASE IF EXISTS {SqlText.Quote(database)}");
                }
            }
            return true;
        },
        cancellationToken);

    /// <summary>The name of the lock that whoever works on an exchange holds.</summary>
    internal static string LockOf(IReadOnlyList<ExchangePlace> places) => places[0].Beside;

    private ExchangeMark MarkOf(ServerSession session) => new(session, ExchangeMark.DatabaseOf(places));

    private async Task<bool> PutBackAsync(ServerSession session)
    {
        var mark = MarkOf(session);
        await new PlaceExchange(places, session, mark).PutBackAsync(await mark.ReadAsync(CancellationToken.None));
        return true;
    }

    /// <summary>Over a connection of its own, for that of the exchange has ended with what failed.</summary>
    private async Task TryPutBackAsync()
    {
        try
        {
            await DoAsync(PutBackAsync, CancellationToken.None);
        }
        catch (SourceException)
        {
            return; // The first failure is the one to report; where things are, a look tells.
        }
    }

    private async Task RefuseLastAsync(ServerSession session, CancellationToken cancellationToken)
    {
        var moves = new TableMoves(places, session);
        foreach (var place in places)
        {
            var kept = await moves.ReadAsync(place, place.Old);
            var isThere = await new LiveDatabase(session.QueryAsync, place.Database).IsThereAsync(cancellationToken);
            var live = isThere ? await moves.ReadAsync(place, place.Database) : [];
            if (kept.FirstOrDefault(table => place.IsWhole ? live.Count == 0 && !isThere : !live.Contains(table)) is { } last)
            {
                throw new SourceException(
                    SourceError.TargetFailed,
                    $"{(place.IsWhole ? $"The database {place.Database}" : $"The table {place.Database}.{last}")} is gone, and what stood "
                    + $"there before the restore is all there is: {place.Old} is not removed.");
            }
        }
    }

    private async Task<T> DoAsync<T>(Func<ServerSession, Task<T>> action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = await RestoreConnection.OpenAsync(server, clock, cancellationToken);
        await using var session = await ServerSession.OpenAsync(connection, LockOf(places), afterCall, cancellationToken);
        return await action(session);
    }
}
