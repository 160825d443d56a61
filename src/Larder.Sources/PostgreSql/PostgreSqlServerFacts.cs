using System.Globalization;
using System.Text.Json;

namespace Larder.Sources.PostgreSql;

/// <summary>One database of a server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Encoding">Such as <c>UTF8</c>.</param>
/// <param name="IsTemplate">Whether it is there to be copied.</param>
/// <param name="TakesConnections">Whether the server lets anybody into it.</param>
internal sealed record ServerDatabase(string Name, string Encoding, bool IsTemplate, bool TakesConnections);

/// <summary>What a server says of itself.</summary>
internal sealed record PostgreSqlServerFacts
{
    private const int MajorVersionMin = 12;

    private const string Sql =
        """
        SELECT json_build_object(
            'version', current_setting('server_version'),
            'number', current_setting('server_version_num')::int,
            'database', current_database(),
            'bytes', pg_catalog.pg_database_size(current_database()),
            'address', host(inet_server_addr()),
            'port', inet_server_port(),
            'reads_passwords', has_table_privilege('pg_catalog.pg_authid', 'SELECT'),
            'superuser', (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
            'databases', (
                SELECT json_agg(json_build_object(
                    'name', datname, 'encoding', pg_encoding_to_char(encoding), 'template', datistemplate, 'connects', datallowconn)
                    ORDER BY datname)
                FROM pg_catalog.pg_database WHERE datname NOT IN ('template0', 'template1')))
        """;

    public required string Version { get; init; }

    public required int MajorVersion { get; init; }

    /// <summary>The one that answered.</summary>
    public required string DatabaseName { get; init; }

    /// <summary>The size of that database, indexes and all.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Where it listens; null through a Unix socket.</summary>
    public required string? Host { get; init; }

    public required bool ReadsPasswords { get; init; }

    /// <summary>Whether the user is a superuser, who may read everything.</summary>
    public required bool ReadsSecrets { get; init; }

    /// <summary>All but the two that every server has as templates.</summary>
    public required IReadOnlyList<ServerDatabase> Databases { get; init; }

    /// <summary>Fails with <see cref="SourceException"/>; also for servers older than 12.</summary>
    public static async Task<PostgreSqlServerFacts> ReadAsync(
        PostgreSqlQuery query, PostgreSqlTools tools, string? database, CancellationToken cancellationToken)
    {
        var answer = await query.AskAsync(tools, database, Sql, cancellationToken);
        var version = answer.GetProperty("version").GetString()!;
        var major = answer.GetProperty("number").GetInt32() / 10000;
        if (major < MajorVersionMin)
        {
            throw new SourceException(
                SourceError.ToolFailed, $"The server is PostgreSQL {version}; versions from {MajorVersionMin} on can be backed up.");
        }
        return new PostgreSqlServerFacts
        {
            Version = version,
            MajorVersion = major,
            DatabaseName = answer.GetProperty("database").GetString()!,
            DatabaseBytes = answer.GetProperty("bytes").GetInt64(),
            Host = answer.GetProperty("address").GetString() is { } address
                ? string.Create(CultureInfo.InvariantCulture, $"{address}:{answer.GetProperty("port").GetInt32()}")
                : null,
            ReadsPasswords = answer.GetProperty("reads_passwords").GetBoolean(),
            ReadsSecrets = answer.GetProperty("superuser").GetBoolean(),
            Databases = [.. ReadDatabases(answer.GetProperty("databases"))],
        };
    }

    private static IEnumerable<ServerDatabase> ReadDatabases(JsonElement databases) => databases.ValueKind != JsonValueKind.Array
        ? []
        : databases.EnumerateArray().Select(one => new ServerDatabase(
            one.GetProperty("name").GetString()!,
            one.GetProperty("encoding").GetString()!,
            one.GetProperty("template").GetBoolean(),
            one.GetProperty("connects").GetBoolean()));
}
