using System.Globalization;
using System.Text;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>A database beside the live one, made for a restore; either it takes the live one's place or it is dropped.</summary>
internal sealed class ScratchDatabase
{
    private const int NameBytesMax = 63; // NAMEDATALEN - 1 of every ordinary build.

    private readonly TargetServer server;

    private ScratchDatabase(TargetServer server, StoredDatabase dump, string finalName, string name)
    {
        this.server = server;
        Dump = dump;
        FinalName = finalName;
        Name = name;
    }

    public StoredDatabase Dump { get; }

    /// <summary>What it will be called.</summary>
    public string FinalName { get; }

    /// <summary>What it is called until then: <c>NAME_larder_yyyyMMddHHmmss</c>.</summary>
    public string Name { get; }

    /// <summary>Makes it, with the encoding and locale that the dumped database had.</summary>
    public static async Task<ScratchDatabase> CreateAsync(
        TargetServer server, StoredDatabase dump, string finalName, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectAsync(cancellationToken);
        for (var number = 1; ; number++)
        {
            var name = MakeName(finalName, now, number);
            var options = DatabaseProperties.FindOptions(dump.Toc);
            try
            {
                await ExecuteAsync(connection, $"CREATE DATABASE {SqlName.Quote(name)} {options}", cancellationToken);
                return new ScratchDatabase(server, dump, finalName, name);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.DuplicateDatabase && number < 100)
            {
                // Another restore began in the same second.
            }
            catch (NpgsqlException error)
            {
                throw TargetErrors.Describe(error, $"The database {name} cannot be created on {server.Show("")}")!;
            }
        }
    }

    /// <summary>Drops it, whatever the state it is in, and ends who is connected to it.</summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectAsync(cancellationToken);
        await DropAsync(connection, Name, cancellationToken);
    }

    public static async Task DropAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"ALTER DATABASE {SqlName.Quote(name)} ALLOW_CONNECTIONS false", cancellationToken);
        await EndSessionsAsync(connection, name, cancellationToken);
        await ExecuteAsync(connection, $"DROP DATABASE {SqlName.Quote(name)}", cancellationToken);
    }

    /// <summary>
    /// Asks the server to end all sessions in a database; it does within moments, and DROP and RENAME wait 5 seconds for it.
    /// </summary>
    public static async Task EndSessionsAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
            WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()
            """,
            connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = name } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A name for a moment, cut so that the server does not cut it.</summary>
    public static string MakeName(string database, DateTimeOffset now, int number)
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $"_larder_{now:yyyyMMddHHmmss}{(number > 1 ? $"_{number}" : "")}");
        var name = new StringBuilder();
        var bytes = suffix.Length;
        foreach (var rune in database.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > NameBytesMax)
            {
                break;
            }
            name.Append(rune);
        }
        return name.Append(suffix).ToString();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
