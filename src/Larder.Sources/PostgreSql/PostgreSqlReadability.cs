namespace Larder.Sources.PostgreSql;

/// <summary>Whether the user may read what pg_dump will read, asked of the catalogs without reading any row.</summary>
internal static class PostgreSqlReadability
{
    private const int Shown = 5;

    // A table of an extension is its script's, unless the extension says that its rows are to be dumped, which cannot be seen cheaply.
    private const string Sql =
        """
        SELECT json_build_object(
            'bytes', pg_catalog.pg_database_size(current_database()),
            'denied', (SELECT json_agg(name ORDER BY name) FROM unreadable WHERE NOT readable),
            'hidden', (SELECT json_agg(name ORDER BY name) FROM unreadable WHERE readable))
        """;

    private const string Unreadable =
        """
        WITH unreadable AS (
            SELECT n.nspname || '.' || c.relname AS name,
                has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
                AND (NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) OR row_security_active(c.oid)))

        """;

    /// <summary>
    /// The size of the database in bytes. Fails with <see cref="SourceError.PermissionDenied"/>, naming tables that pg_dump would fail at.
    /// </summary>
    /// <param name="checkTables">False where tables are left out by patterns, which only pg_dump can apply.</param>
    public static async Task<long> CheckAsync(
        PostgreSqlQuery query, PostgreSqlTools tools, string database, bool checkTables, CancellationToken cancellationToken)
    {
        var answer = await query.AskAsync(tools, database, Unreadable + Sql, cancellationToken);
        if (checkTables)
        {
            Refuse(answer.GetProperty("denied"), database, "may not be read by this user (GRANT pg_read_all_data, or SELECT on each)");
            Refuse(answer.GetProperty("hidden"), database, "have row security that hides rows from this user (ALTER ROLE … BYPASSRLS)");
        }
        return answer.GetProperty("bytes").GetInt64();
    }

    private static void Refuse(System.Text.Json.JsonElement names, string database, string why)
    {
        if (names.ValueKind != System.Text.Json.JsonValueKind.Array)
        {
            return;
        }
        var shown = names.EnumerateArray().Take(Shown).Select(name => name.GetString());
        var more = names.GetArrayLength() > Shown ? $" and {names.GetArrayLength() - Shown} more" : "";
        throw new SourceException(
            SourceError.PermissionDenied, $"In the database {database}, {string.Join(", ", shown)}{more} {why}.");
    }
}
