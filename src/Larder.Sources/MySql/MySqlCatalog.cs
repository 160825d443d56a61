using System.Globalization;
using System.IO.Enumeration;

namespace Larder.Sources.MySql;

/// <summary>A table, view or sequence that the account may see.</summary>
/// <param name="IsBroken">A view that looks at something that is not there, or that its owner may not see.</param>
internal sealed record MySqlObject(string Database, string Name, string Type, string StorageEngine, long Bytes, bool IsBroken)
{
    public string FullName => $"{Database}.{Name}";

    public bool IsView => Type.EndsWith("VIEW", StringComparison.Ordinal);

    public bool IsSequence => Type == "SEQUENCE";

    public bool IsTable => !IsView && !IsSequence;
}

/// <summary>What a server says of itself and of what is to be dumped.</summary>
internal sealed record MySqlCatalog
{
    private const string SystemDatabases = "'mysql', 'information_schema', 'performance_schema', 'sys'";

    public required string ServerVersion { get; init; }

    public required string ServerCharset { get; init; }

    public required IReadOnlyList<string> Databases { get; init; }

    /// <summary>In the databases, without what is excluded.</summary>
    public required IReadOnlyList<MySqlObject> Objects { get; init; }

    public required IReadOnlyList<MySqlObject> Excluded { get; init; }

    /// <summary>Databases in which restores keep what they replaced; left out.</summary>
    public required IReadOnlyList<string> Kept { get; init; }

    /// <summary>Storage engines whose tables take part in a snapshot.</summary>
    public required IReadOnlySet<string> TransactionalEngines { get; init; }

    public required MySqlRights Rights { get; init; }

    public bool IsMariaDb => MySqlTools.IsMariaDb(ServerVersion);

    /// <summary>Asks the server. Fails with <see cref="SourceException"/>, also where a wanted database is not there.</summary>
    public static async Task<MySqlCatalog> ReadAsync(MySqlClient client, MySqlSettings settings, CancellationToken cancellationToken)
    {
        var server = (await client.QueryAsync("SELECT VERSION(), @@character_set_server;", cancellationToken))[0];
        var found = (await client.QueryAsync(
            $"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ({SystemDatabases}) ORDER BY 1;",
            cancellationToken)).Select(row => row[0]).ToList();
        foreach (var wanted in settings.Databases)
        {
            if (!found.Contains(wanted, StringComparer.Ordinal))
            {
                throw new SourceException(
                    SourceError.NotFound,
                    $"There is no database {wanted} on the server {settings.Server} that this account may see.");
            }
        }
        IReadOnlyList<string> databases = settings.Databases.Count > 0
            ? [.. settings.Databases.Distinct(StringComparer.Ordinal)]
            : [.. found.Where(name => !Matches(settings.Exclude, name) && !KeptNames.IsKept(name))];
        if (databases.Count == 0)
        {
            throw new SourceException(
                SourceError.NotFound,
                $"The server {settings.Server} shows this account no database to back up: create one, or grant the account its rights.");
        }

        var objects = await ReadObjectsAsync(client.QueryAsync, databases, cancellationToken);
        var only = databases.Count == 1;
        var excluded = objects
            .Where(item => Matches(settings.Exclude, item.FullName) || (only && Matches(settings.Exclude, item.Name))).ToList();
        var engines = await client.QueryAsync(
            "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES';", cancellationToken);
        return new MySqlCatalog
        {
            ServerVersion = server[0],
            ServerCharset = server[1],
            Databases = databases,
            Objects = [.. objects.Except(excluded)],
            Excluded = excluded,
            Kept = settings.Databases.Count > 0 ? [] : [.. found.Where(KeptNames.IsKept)],
            TransactionalEngines = engines.Select(row => row[0]).ToHashSet(StringComparer.OrdinalIgnoreCase),
            Rights = MySqlRights.Parse((await client.QueryAsync("SHOW GRANTS;", cancellationToken)).Select(row => row[0])),
        };
    }

    public static async Task<IReadOnlyList<MySqlObject>> ReadObjectsAsync(
        MySqlQuery query, IReadOnlyList<string> databases, CancellationToken cancellationToken)
    {
        // Of a view that cannot be read the server says so in its comment, if asked for its length, for which it has to be opened.
        var list = string.Join(", ", databases.Select(SqlText.QuoteText));
        var rows = await query(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, ''), COALESCE(DATA_LENGTH, 0), "
            + "TABLE_TYPE LIKE '%VIEW' AND COALESCE(ENGINE, '') = '' AND TABLE_COMMENT <> 'VIEW' "
            + $"FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({list}) AND TABLE_TYPE <> 'TEMPORARY' ORDER BY 1, 2;",
            cancellationToken);
        return [.. rows.Select(row => new MySqlObject(
            row[0], row[1], row[2], row[3], long.Parse(row[4], CultureInfo.InvariantCulture), row[5] == "1"))];
    }

    private static bool Matches(IReadOnlyList<string> patterns, string name) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
}
