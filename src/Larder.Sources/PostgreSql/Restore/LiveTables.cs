using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What of a dump is in a live database.</summary>
internal static class LiveTables
{
    /// <summary>The tables that are there, with their OIDs.</summary>
    public static async Task<IReadOnlyDictionary<TocEntry, long>> FindAsync(
        NpgsqlConnection connection, IReadOnlyCollection<TocEntry> tables, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT n.nspname, c.relname, c.oid::bigint
            FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS wanted(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
            """;
        var named = tables.ToDictionary(table => (table.Schema ?? "", table.Tag ?? ""));
        var found = new Dictionary<TocEntry, long>();
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. named.Keys.Select(name => name.Item1)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. named.Keys.Select(name => name.Item2)] },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found[named[(reader.GetString(0), reader.GetString(1))]] = reader.GetInt64(2);
        }
        return found;
    }

    public static async Task<bool> HasRowsAsync(NpgsqlConnection connection, TocEntry table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT EXISTS (SELECT FROM ONLY {SqlName.Quote(table.Schema!, table.Tag!)})", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Of schemas, extensions, types, functions and sequences those that are not there; of everything else nothing.</summary>
    public static async Task<HashSet<TocEntry>> FindMissingAsync(
        NpgsqlConnection connection, IReadOnlyList<TocEntry> entries, CancellationToken cancellationToken)
    {
        var missing = new HashSet<TocEntry>();
        foreach (var entry in entries)
        {
            var sql = entry.Kind switch
            {
                "SCHEMA" => "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1 AND $2 IS NOT NULL)",
                "EXTENSION" => "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = $1 AND $2 IS NOT NULL)",
                "SEQUENCE" => """
                    SELECT EXISTS (
                        SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relname = $1 AND n.nspname = $2)
                    """,
                "TYPE" or "DOMAIN" => """
                    SELECT EXISTS (
                        SELECT FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                        WHERE t.typname = $1 AND n.nspname = $2)
                    """,
                "FUNCTION" => """
                    SELECT EXISTS (
                        SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                        WHERE p.proname = pg_catalog.split_part($1, '(', 1) AND n.nspname = $2)
                    """,
                _ => null,
            };
            if (sql is not null && !await AskAsync(connection, sql, entry, cancellationToken))
            {
                missing.Add(entry);
            }
        }
        return missing;
    }

    /// <summary>Views, materialized ones too, that read any of these tables and are none of them.</summary>
    public static async Task<List<string>> FindDependentViewsAsync(
        NpgsqlConnection connection, IEnumerable<long> tables, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT DISTINCT n.nspname || '.' || v.relname
            FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
            JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
            JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
            WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid::bigint = ANY ($1) AND v.relkind IN ('v', 'm')
            ORDER BY 1
            """;
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. tables] } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetString(0));
        }
        return found;
    }

    private static async Task<bool> AskAsync(NpgsqlConnection connection, string sql, TocEntry entry, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = entry.Tag ?? "" },
                new NpgsqlParameter<string> { TypedValue = entry.Schema ?? "" },
            },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }
}
