using Larder.Sources.Exchanges;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Exchanges databases for those that were restored beside them, all in one transaction: whoever connects gets the old ones or the new
/// ones, and a kill at any moment leaves the one or the other. Sessions in them are ended; who connects meanwhile waits a moment
/// and is told to connect again.
/// </summary>
/// <remarks>
/// The server locks a database while it is renamed, so nobody gets in between, and nothing need be closed beforehand that would then have
/// to be opened again.
/// </remarks>
public sealed class PostgreSqlExchange : IExchange
{
    // RENAME waits 5 seconds for sessions to end, and a large one may take longer for it.
    private const int AttemptsMax = 6;

    private readonly PostgreSqlTarget target;
    private readonly ExchangeRecord record;
    private readonly TimeProvider clock;
    private readonly Action<string>? afterCall;
    private readonly string session;
    private TargetServer? server;

    /// <param name="target">The server that the record speaks of.</param>
    /// <param name="record">From a plan, or read again from the journal.</param>
    /// <param name="clock">Times waits.</param>
    /// <param name="afterCall">Told of each statement that changes something; what it throws ends the operation there.</param>
    public PostgreSqlExchange(PostgreSqlTarget target, ExchangeRecord record, TimeProvider clock, Action<string>? afterCall = null)
    {
        this.target = target;
        this.record = record;
        this.clock = clock;
        this.afterCall = afterCall;
        session = DatabaseNames.SessionOf(record);
    }

    /// <summary>Over a server that was found before, which saves asking psql for it once more.</summary>
    internal PostgreSqlExchange(PostgreSqlTarget target, ExchangeRecord record, TimeProvider clock, TargetServer known)
        : this(target, record, clock) => server = known.ServesFor([.. Names]) ? known : null;

    private IEnumerable<string> Names => record.Parts.Select(part => part.Live);

    private string Shown => string.Join(", ", Names);

    public Task<ExchangeState> LookAsync(CancellationToken cancellationToken) => DoAsync(
        $"Where the database {Shown} is cannot be told",
        async connection => (await DatabasePlaces.LookAsync(connection, record, cancellationToken)).State,
        cancellationToken);

    /// <summary>
    /// Declares, durably, that what was restored lies beside, whole: it takes no connections until it is live. Fails with
    /// <see cref="SourceException"/>.
    /// </summary>
    public Task MarkWholeAsync(CancellationToken cancellationToken) => DoAsync(
        $"What was restored for {Shown} cannot be declared whole",
        connection => ChangeAsync(connection, async () =>
        {
            foreach (var part in record.Parts)
            {
                await SetConnectionsAsync(connection, part.Beside, allowed: false);
            }
        }),
        cancellationToken);

    public Task ExchangeAsync(CancellationToken cancellationToken) => DoAsync(
        $"The database {Shown} cannot be replaced and stands as before",
        async connection =>
        {
            await ServerSessions.EndEarlierAsync(connection, session, clock, cancellationToken);
            var places = await DatabasePlaces.LookAsync(connection, record, cancellationToken);
            switch (places.State)
            {
                case ExchangeState.Exchanged:
                    return false;
                case ExchangeState.Beside:
                    cancellationToken.ThrowIfCancellationRequested();
                    return await RepeatAsync(() => PutLiveAsync(places));
                default:
                    throw new InvalidOperationException($"Nothing whole lies beside {Shown}.");
            }
        },
        cancellationToken);

    public Task UndoAsync(CancellationToken cancellationToken) => DoAsync(
        $"The database {Shown} as it was before the restore cannot be put back",
        async connection =>
        {
            await ServerSessions.EndEarlierAsync(connection, session, clock, cancellationToken);
            var places = await DatabasePlaces.LookAsync(connection, record, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            return places.State == ExchangeState.Exchanged && await RepeatAsync(() => PutBackAsync(places));
        },
        cancellationToken);

    public Task ForgetAsync(CancellationToken cancellationToken) => DoAsync(
        $"What lies beside the database {Shown} cannot be dropped",
        async connection =>
        {
            await ServerSessions.EndEarlierAsync(connection, session, clock, cancellationToken);
            var places = await DatabasePlaces.LookAsync(connection, record, cancellationToken);
            await ChangeAsync(connection, () => UnmarkAllAsync(connection, places));
            foreach (var name in record.Parts.SelectMany(part => new[] { part.Beside, part.Old }).OfType<string>().Where(places.Has))
            {
                await DropAsync(connection, name, cancellationToken);
            }
            return true;
        },
        cancellationToken);

    private async Task PutLiveAsync(DatabasePlaces places)
    {
        foreach (var part in record.Parts.Where(part => part.Old is null && places.Has(part.Live)))
        {
            throw new SourceException(
                SourceError.TargetExists, $"The database {part.Live} was to be new, and there is one of that name now. Rename or drop it.");
        }
        await using var ending = await ConnectAsync(CancellationToken.None);
        await using var connection = await ConnectAsync(CancellationToken.None);
        await ChangeAsync(connection, async () =>
        {
            foreach (var part in record.Parts)
            {
                if (part.Old is { } old)
                {
                    await RenameAsync(connection, ending, part.Live, old);
                    await SetConnectionsAsync(connection, old, allowed: false);
                }
                await RenameAsync(connection, ending, part.Beside, part.Live);
                await SetConnectionsAsync(connection, part.Live, allowed: true);
                if (part.Old is null)
                {
                    await CallAsync(
                        connection,
                        $"ALTER ROLE CURRENT_USER IN DATABASE {SqlName.Quote(part.Live)} SET {DatabasePlaces.MarkSetting} = "
                        + SqlName.QuoteText(part.Beside));
                }
            }
        });
    }

    private async Task PutBackAsync(DatabasePlaces places)
    {
        await using var ending = await ConnectAsync(CancellationToken.None);
        await using var connection = await ConnectAsync(CancellationToken.None);
        await ChangeAsync(connection, async () =>
        {
            foreach (var part in record.Parts)
            {
                await UnmarkAsync(connection, places, part);
                if (places.Has(part.Live)) // Somebody may have dropped it by hand.
                {
                    await RenameAsync(connection, ending, part.Live, part.Beside);
                    await SetConnectionsAsync(connection, part.Beside, allowed: false);
                }
                if (part.Old is { } old)
                {
                    await RenameAsync(connection, ending, old, part.Live);
                    await SetConnectionsAsync(connection, part.Live, allowed: true);
                }
            }
        });
    }

    /// <summary>From here on nothing counts as whole or as exchanged, so a kill between two drops leaves no way back to a half.</summary>
    private async Task UnmarkAllAsync(NpgsqlConnection connection, DatabasePlaces places)
    {
        foreach (var part in record.Parts)
        {
            await UnmarkAsync(connection, places, part);
            foreach (var name in new[] { part.Beside, part.Old }.OfType<string>())
            {
                if (places.Found.GetValueOrDefault(name) is { IsTemplate: true, IsValid: true })
                {
                    await CallAsync(connection, $"ALTER DATABASE {SqlName.Quote(name)} IS_TEMPLATE false");
                }
            }
            if (places.Found.GetValueOrDefault(part.Beside) is { TakesConnections: false, IsValid: true })
            {
                await SetConnectionsAsync(connection, part.Beside, allowed: true);
            }
        }
    }

    private async Task UnmarkAsync(NpgsqlConnection connection, DatabasePlaces places, ExchangePart part)
    {
        if (part.Old is null && places.MarkedBy(part) is { } role)
        {
            await CallAsync(
                connection,
                $"ALTER ROLE {SqlName.Quote(role)} IN DATABASE {SqlName.Quote(part.Live)} RESET {DatabasePlaces.MarkSetting}");
        }
    }

    private async Task DropAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        var force = server!.MajorVersion >= 13;
        if (!force)
        {
            await ServerSessions.EndAllAsync(connection, name, cancellationToken);
        }
        await CallAsync(connection, $"DROP DATABASE IF EXISTS {SqlName.Quote(name)}{(force ? " WITH (FORCE)" : "")}", cancellationToken);
    }

    private async Task RenameAsync(NpgsqlConnection connection, NpgsqlConnection ending, string name, string other)
    {
        // From its beginning on nobody new gets in, and it waits for those who are.
        var renaming = CallAsync(connection, $"ALTER DATABASE {SqlName.Quote(name)} RENAME TO {SqlName.Quote(other)}");
        await ServerSessions.EndWhileAsync(ending, name, renaming, clock);
    }

    private Task SetConnectionsAsync(NpgsqlConnection connection, string name, bool allowed) =>
        CallAsync(connection, $"ALTER DATABASE {SqlName.Quote(name)} ALLOW_CONNECTIONS {(allowed ? "true" : "false")}");

    /// <summary>Statements in one transaction, which is durable when this completes. Not cancellable: it takes moments.</summary>
    private async Task<bool> ChangeAsync(NpgsqlConnection connection, Func<Task> statements)
    {
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        await using (var settings = new NpgsqlCommand(
            // Whatever the role's default: the commit flushes the restored rows too. Who holds a database's lock for longer is told of.
            "SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0", connection))
        {
            await settings.ExecuteNonQueryAsync(CancellationToken.None);
        }
        await statements();
        await transaction.CommitAsync(CancellationToken.None);
        afterCall?.Invoke("COMMIT");
        return true;
    }

    private async Task CallAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken = default)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        afterCall?.Invoke(sql);
    }

    private static async Task<bool> RepeatAsync(Func<Task> exchange)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await exchange();
                return true;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.ObjectInUse && attempt < AttemptsMax)
            {
                // A session that was told to end is still busy with it.
            }
        }
    }

    private async Task<T> DoAsync<T>(string what, Func<NpgsqlConnection, Task<T>> action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var connection = await ConnectAsync(cancellationToken);
        return await TargetErrors.ExplainAsync(what, () => action(connection));
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        server ??= await TargetServer.FindAsync(target, [.. Names], clock, cancellationToken);
        return await server.ConnectForAsync(session, cancellationToken);
    }
}
