using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// What the live database's default privileges (ALTER DEFAULT PRIVILEGES) give to a table that is made there. The dumped table's own are in
/// the dump, so these are taken away before those are given.
/// </summary>
internal static class LivePrivileges
{
    public static async Task<IReadOnlyList<string>> FindRevokesAsync(
        NpgsqlConnection connection, IEnumerable<long> relations, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT DISTINCT pg_catalog.format(
                'REVOKE ALL ON %s %I.%I FROM %s',
                CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END)
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
            LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
            WHERE c.oid::bigint = ANY ($1) AND a.grantee <> c.relowner
            """;
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. relations] } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetString(0));
        }
        return found;
    }
}
