using Larder.Sources.Dumps;
using Larder.Sources.PostgreSql;
using Larder.Sources.PostgreSql.Restore;
using Npgsql;

namespace Larder.Sources.Throwaway;

/// <summary>What a drill asks of a PostgreSQL server.</summary>
/// <param name="url">The server, and a database to be connected to.</param>
/// <param name="clock">Times the programs.</param>
internal sealed class PostgreSqlDrill(string url, TimeProvider clock) : IDrillEngine
{
    private const int LargeObjectPieceBytes = 1 << 20;

    private TargetServer? server;

    public async Task<string> FindVersionAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(null, cancellationToken);
        return await ReadTextAsync(connection, "SHOW server_version", cancellationToken) ?? "";
    }

    public string UrlOf(string? database)
    {
        if (database is null)
        {
            return url;
        }
        var query = url.IndexOf('?', StringComparison.Ordinal);
        var place = query < 0 ? url : url[..query];
        var slash = place.IndexOf('/', place.IndexOf("://", StringComparison.Ordinal) + 3);
        return $"{(slash < 0 ? place : place[..slash])}/{Uri.EscapeDataString(database)}{(query < 0 ? "" : url[query..])}";
    }

    /// <summary>
    /// Roles that own something and that the dump does not make; and every tablespace, as a folder in the drill's own: the places that the
    /// dump names are the live server's.
    /// </summary>
    public async Task PrepareAsync(IStoredDump dump, ThrowawayFolder folder, ServerAccount? account, CancellationToken cancellationToken)
    {
        var databases = await StoredDatabase.ReadAllAsync(dump, cancellationToken);
        var globals = await GlobalsScript.ReadAsync(dump, cancellationToken);
        var roles = databases.SelectMany(database => TocRoles.Find(database.Toc)).ToHashSet(StringComparer.Ordinal);
        var tablespaces = databases.SelectMany(database => database.Toc.Entries).Select(entry => entry.Tablespace)
            .Where(name => !string.IsNullOrEmpty(name)).Select(name => name!).ToHashSet(StringComparer.Ordinal);
        tablespaces.UnionWith(globals?.Tablespaces ?? new HashSet<string>());
        await using var connection = await ConnectAsync(null, cancellationToken);
        foreach (var role in roles.Where(role => globals?.Roles.Contains(role) != true))
        {
            const string find = "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = $1";
            if (await ReadTextAsync(connection, find, cancellationToken, role) is null)
            {
                await ExecuteAsync(connection, $"CREATE ROLE {SqlName.Quote(role)}", cancellationToken);
            }
        }
        foreach (var (number, tablespace) in tablespaces.Order(StringComparer.Ordinal).Index())
        {
            if (await ReadTextAsync(
                connection, "SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname = $1", cancellationToken, tablespace) is null)
            {
                var place = folder.Make($"tablespace-{number}", account);
                await ExecuteAsync(
                    connection,
                    $"CREATE TABLESPACE {SqlName.Quote(tablespace)} LOCATION '{place.Replace("'", "''", StringComparison.Ordinal)}'",
                    cancellationToken);
            }
        }
        foreach (var options in databases.Select(database => DatabaseProperties.FindOptions(database.Toc)).Distinct())
        {
            // A language that this machine lacks says nothing of the backup, so it is found before the restore.
            await ExecuteAsync(
                connection,
                $"CREATE DATABASE larder_drill_probe {options}",
                cancellationToken,
                "The throwaway server cannot make a database with the encoding and language of the dumped one; install the language "
                + "(package locales) or name a scratch server in the job's drill.servers");
            await ExecuteAsync(connection, "DROP DATABASE larder_drill_probe", cancellationToken);
        }
    }

    public async Task<(IReadOnlyList<string> Databases, bool HasAccounts)> LookIntoAsync(
        IStoredDump dump, CancellationToken cancellationToken)
    {
        var databases = await StoredDatabase.ReadAllAsync(dump, cancellationToken);
        return ([.. databases.Select(database => database.Name)], await GlobalsScript.ReadAsync(dump, cancellationToken) is not null);
    }

    public async Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(null, cancellationToken);
        return await ExplainAsync("Its databases cannot be listed", async () =>
        {
            await using var command = new NpgsqlCommand("SELECT datname FROM pg_catalog.pg_database ORDER BY datname", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var names = new List<string>();
            while (await reader.ReadAsync(cancellationToken))
            {
                names.Add(reader.GetString(0));
            }
            return names;
        });
    }

    public async Task DropAsync(string database, CancellationToken cancellationToken)
    {
        if ((await ListDatabasesAsync(cancellationToken)).Contains(database))
        {
            await using var connection = await ConnectAsync(null, cancellationToken);
            const string failure = "A database of the drill cannot be dropped";
            var name = SqlName.Quote(database);
            await ExecuteAsync(connection, $"ALTER DATABASE {name} ALLOW_CONNECTIONS false", cancellationToken, failure);
            await ServerSessions.EndAllAsync(connection, database, cancellationToken);
            await ExecuteAsync(connection, $"DROP DATABASE {name}", cancellationToken, failure);
        }
    }

    /// <summary>Tables were read back by the restore itself; large objects are read here.</summary>
    public async Task<IReadOnlyList<EntryFacts>> ReadBackAsync(
        IStoredDump dump, IReadOnlyList<EntryFacts> restored, Func<string, string> nameOf, CancellationToken cancellationToken)
    {
        var found = new List<EntryFacts>(restored);
        foreach (var database in await StoredDatabase.ReadAllAsync(dump, cancellationToken))
        {
            if (database.Toc.Entries.Any(entry => entry.Kind == TocEntry.LargeObjects))
            {
                await using var connection = await ConnectAsync(nameOf(database.Name), cancellationToken);
                var objects = await ExplainAsync(
                    $"The large objects of {database.Name} cannot be read back",
                    () => ReadLargeObjectsAsync(connection, cancellationToken));
                found.Add(PartFacts.OfLargeObjects(database.Name, "", objects));
            }
        }
        return found;
    }

    public async Task<string?> AskAsync(string database, string question, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(database, cancellationToken);
        return await ExplainAsync("The question cannot be answered", async () =>
        {
            await using var command = new NpgsqlCommand(question, connection) { CommandTimeout = 0, AllResultTypesAreUnknown = true };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<string?>();
            while (rows.Count < Answer.RowsMax && await reader.ReadAsync(cancellationToken))
            {
                rows.Add(reader.FieldCount != 1 ? Answer.SeveralColumns
                    : await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetString(0));
            }
            return Answer.Judge(rows);
        });
    }

    private static async Task<Fingerprint> ReadLargeObjectsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var oids = new List<uint>();
        await using (var list = new NpgsqlCommand("SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid", connection))
        await using (var reader = await list.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                oids.Add(reader.GetFieldValue<uint>(0));
            }
        }
        using var hasher = new LargeObjectHasher();
        await using var command = new NpgsqlCommand("SELECT pg_catalog.lo_get($1, $2, $3)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid, Value = 0u },
                new NpgsqlParameter<long>(),
                new NpgsqlParameter<int> { TypedValue = LargeObjectPieceBytes },
            },
        };
        foreach (var oid in oids)
        {
            hasher.Begin(oid);
            command.Parameters[0].Value = oid;
            for (var at = 0L; ; at += LargeObjectPieceBytes)
            {
                ((NpgsqlParameter<long>)command.Parameters[1]).TypedValue = at;
                var piece = (byte[])(await command.ExecuteScalarAsync(cancellationToken))!;
                hasher.Append(piece);
                if (piece.Length < LargeObjectPieceBytes)
                {
                    break;
                }
            }
            hasher.EndObject();
        }
        return hasher.EndList();
    }

    private async Task<NpgsqlConnection> ConnectAsync(string? database, CancellationToken cancellationToken)
    {
        server ??= await TargetServer.FindAsync(
            new PostgreSqlTarget { Server = new PostgreSqlSettings { Url = url } }, [], clock, cancellationToken);
        return database is null
            ? await server.ConnectAsync(cancellationToken)
            : await server.ConnectAsync(database, cancellationToken);
    }

    private static Task ExecuteAsync(
        NpgsqlConnection connection,
        string sql,
        CancellationToken cancellationToken,
        string failure = "The server cannot be prepared for the dump") =>
        ExplainAsync(failure, async () =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        });

    private static Task<string?> ReadTextAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params string[] values) =>
        ExplainAsync("The server cannot be looked at", async () =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values)
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            }
            return await command.ExecuteScalarAsync(cancellationToken) as string;
        });

    private static Task<T> ExplainAsync<T>(string doing, Func<Task<T>> act) => TargetErrors.ExplainAsync(doing, act);
}
