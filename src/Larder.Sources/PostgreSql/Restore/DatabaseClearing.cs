namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Drops everything that users made in a database, so that it is as a new one; in the transaction of a restore.</summary>
internal static class DatabaseClearing
{
    // IF EXISTS, for dropping one takes others with it.
    private const string Script = """
        DO $clear$
        DECLARE statement text;
        BEGIN
            FOR statement IN
                SELECT format('DROP EVENT TRIGGER IF EXISTS %I CASCADE', evtname) FROM pg_catalog.pg_event_trigger
                UNION ALL SELECT format('DROP PUBLICATION IF EXISTS %I CASCADE', pubname) FROM pg_catalog.pg_publication
                UNION ALL SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_catalog.pg_extension
                    WHERE extname <> 'plpgsql'
                UNION ALL SELECT format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname) FROM pg_catalog.pg_foreign_data_wrapper
                UNION ALL SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_catalog.pg_namespace
                    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                UNION ALL SELECT format('DROP CAST IF EXISTS (%s AS %s) CASCADE', castsource::regtype, casttarget::regtype)
                    FROM pg_catalog.pg_cast WHERE oid >= 16384 AND castsource < 16384 AND casttarget < 16384
            LOOP
                EXECUTE statement;
            END LOOP;
            PERFORM lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;
        END $clear$;
        """;

    /// <param name="majorVersion">Of the server: what a new database holds differs.</param>
    public static string MakeScript(int majorVersion) => Script + (majorVersion >= 15
        ? "CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;"
        : "CREATE SCHEMA public; GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC;")
        + "COMMENT ON SCHEMA public IS 'standard public schema'";
}
