using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What a plan must know of the server.</summary>
internal sealed record ServerLook
{
    // Who is not a superuser does not get those that are kept for them. PostgreSQL 16 keeps some for others too.
    private const string CountConnections = """
        SELECT least(
            pg_catalog.current_setting('max_connections')::int - CASE WHEN r.rolsuper THEN 0 ELSE
                pg_catalog.current_setting('superuser_reserved_connections')::int
                + coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) END
                - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid IS NOT NULL),
            CASE WHEN r.rolsuper OR r.rolconnlimit < 0 THEN 1000000 ELSE r.rolconnlimit
                - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid = r.oid) END)::int
        FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
        """;

    public required bool IsSuperuser { get; init; }

    public required bool MayCreateDatabases { get; init; }

    public required bool MayCreateRoles { get; init; }

    /// <summary>The databases that are there, and whether we are their owner or a member of it.</summary>
    public required IReadOnlyDictionary<string, bool> Databases { get; init; }

    /// <summary>The roles that are there, and whether we may act as them.</summary>
    public required IReadOnlyDictionary<string, bool> Roles { get; init; }

    public required IReadOnlySet<string> Extensions { get; init; }

    public required IReadOnlySet<string> Tablespaces { get; init; }

    /// <summary>Logical replication slots: database and slot.</summary>
    public required IReadOnlyList<(string Database, string Slot)> Slots { get; init; }

    /// <summary>Subscriptions to other servers: database and subscription.</summary>
    public required IReadOnlyList<(string Database, string Subscription)> Subscriptions { get; init; }

    /// <summary>Transactions that were prepared in a database and not ended, which no session holds: database and how many.</summary>
    public required IReadOnlyList<(string Database, long Count)> Prepared { get; init; }

    /// <summary>How many connections more we could have now.</summary>
    public required int FreeConnections { get; init; }

    /// <summary>Where the server keeps its data, on its own machine; null where it does not say.</summary>
    public required string? DataFolder { get; init; }

    public static async Task<ServerLook> TakeAsync(TargetServer server, CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectAsync(cancellationToken);
        return await TargetErrors.ExplainAsync($"The server at {server.Show("")} cannot be looked at", async () => new ServerLook
        {
            IsSuperuser = await AskAsync("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"),
            MayCreateDatabases = await AskAsync("SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user"),
            MayCreateRoles = await AskAsync("SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user"),
            Databases = await ReadFlagsAsync("SELECT datname, pg_catalog.pg_has_role(datdba, 'USAGE') FROM pg_catalog.pg_database"),
            Roles = await ReadFlagsAsync("SELECT rolname, pg_catalog.pg_has_role(oid, 'MEMBER') FROM pg_catalog.pg_roles"),
            Extensions = (await ReadFlagsAsync("SELECT name, true FROM pg_catalog.pg_available_extensions"))
                .Keys.ToHashSet(StringComparer.Ordinal),
            Tablespaces = (await ReadFlagsAsync("SELECT spcname, true FROM pg_catalog.pg_tablespace"))
                .Keys.ToHashSet(StringComparer.Ordinal),
            Slots = await ReadPairsAsync(
                "SELECT database, slot_name FROM pg_catalog.pg_replication_slots WHERE database IS NOT NULL",
                row => (row.GetString(0), row.GetString(1))),
            Subscriptions = await ReadPairsAsync(
                "SELECT d.datname, s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid",
                row => (row.GetString(0), row.GetString(1))),
            Prepared = await ReadPairsAsync(
                "SELECT database, pg_catalog.count(*) FROM pg_catalog.pg_prepared_xacts GROUP BY database",
                row => (row.GetString(0), row.GetInt64(1))),
            FreeConnections = (await ReadPairsAsync(CountConnections, row => (row.GetInt32(0), 0))).Single().Item1,
            DataFolder = (await ReadPairsAsync(
                "SELECT setting, 0 FROM pg_catalog.pg_settings WHERE name = 'data_directory'", row => (row.GetString(0), 0)))
                .Select(pair => pair.Item1).FirstOrDefault(),
        });

        async Task<bool> AskAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(cancellationToken) is true;
        }

        async Task<Dictionary<string, bool>> ReadFlagsAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var found = new Dictionary<string, bool>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellationToken))
            {
                found[reader.GetString(0)] = reader.GetBoolean(1);
            }
            return found;
        }

        async Task<IReadOnlyList<(T1, T2)>> ReadPairsAsync<T1, T2>(string sql, Func<NpgsqlDataReader, (T1, T2)> read)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<(T1, T2)>();
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add(read(reader));
            }
            return found;
        }
    }

    /// <summary>Whether a database holds nothing but what a new one holds.</summary>
    public static async Task<bool> IsEmptyAsync(TargetServer server, string database, CancellationToken cancellationToken)
    {
        const string sql = """
            WITH own AS (
                SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
            SELECT NOT (EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM own))
                OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pronamespace IN (SELECT oid FROM own))
                OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typnamespace IN (SELECT oid FROM own))
                OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE oid IN (SELECT oid FROM own) AND nspname <> 'public')
                OR EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql')
                OR EXISTS (SELECT FROM pg_catalog.pg_foreign_data_wrapper)
                OR EXISTS (SELECT FROM pg_catalog.pg_publication)
                OR EXISTS (SELECT FROM pg_catalog.pg_event_trigger)
                OR EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata))
            """;
        await using var connection = await server.ConnectAsync(database, cancellationToken);
        return await TargetErrors.ExplainAsync($"The database {server.Show(database)} cannot be looked at", async () =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(cancellationToken) is true;
        });
    }
}
