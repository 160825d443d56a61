using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// What a database that is replaced says of itself, and its successor is to keep: its owner, who may use it, and what was set for it. It
/// belongs to where the database stands more than to what is in it: a restore must not lock out who uses it today.
/// </summary>
internal sealed record LiveProperties
{
    public required string Owner { get; init; }

    /// <summary>Sessions at once; -1 for any number.</summary>
    public required int ConnectionLimit { get; init; }

    /// <summary>Whether anybody was ever given or denied anything; otherwise the server's defaults hold.</summary>
    public required bool HasPrivileges { get; init; }

    public required IReadOnlyList<(string Grantee, string Privilege, bool WithOption)> Privileges { get; init; }

    /// <summary>The role that it is set for, or null for all; name and value.</summary>
    public required IReadOnlyList<(string? Role, string Name, string Value)> Settings { get; init; }

    public static async Task<LiveProperties> ReadAsync(NpgsqlConnection connection, string database, CancellationToken cancellationToken)
    {
        var (owner, limit, hasPrivileges) = (await ReadAllAsync(
            "SELECT pg_catalog.pg_get_userbyid(datdba), datconnlimit, datacl IS NOT NULL FROM pg_catalog.pg_database WHERE datname = $1",
            row => (row.GetString(0), row.GetInt32(1), row.GetBoolean(2)))).Single();
        return new LiveProperties
        {
            Owner = owner,
            ConnectionLimit = limit,
            HasPrivileges = hasPrivileges,
            Privileges = await ReadAllAsync(
                """
                SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                    a.privilege_type, a.is_grantable
                FROM pg_catalog.pg_database d CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) a
                WHERE d.datname = $1
                """,
                row => (row.GetString(0), row.GetString(1), row.GetBoolean(2))),
            Settings = await ReadAllAsync(
                """
                SELECT r.rolname, pg_catalog.split_part(c, '=', 1), pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1)
                FROM pg_catalog.pg_database d
                JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid
                LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
                CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c
                WHERE d.datname = $1
                """,
                row => (row.IsDBNull(0) ? null : row.GetString(0), row.GetString(1), row.GetString(2))),
        };

        async Task<IReadOnlyList<T>> ReadAllAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
        {
            await using var command = new NpgsqlCommand(sql, connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = database } },
            };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add(read(reader));
            }
            return found;
        }
    }

    /// <summary>The statements that give another database the same.</summary>
    public IEnumerable<string> MakeStatements(string database)
    {
        var name = SqlName.Quote(database);
        yield return $"ALTER DATABASE {name} OWNER TO {SqlName.Quote(Owner)}";
        if (HasPrivileges)
        {
            yield return $"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {SqlName.Quote(Owner)}";
        }
        foreach (var (grantee, privilege, withOption) in Privileges)
        {
            yield return $"GRANT {privilege} ON DATABASE {name} TO {grantee}{(withOption ? " WITH GRANT OPTION" : "")}";
        }
        if (ConnectionLimit >= 0)
        {
            yield return $"ALTER DATABASE {name} CONNECTION LIMIT {ConnectionLimit}";
        }
        foreach (var (role, setting, value) in Settings)
        {
            var whose = role is null ? $"DATABASE {name}" : $"ROLE {SqlName.Quote(role)} IN DATABASE {name}";
            yield return $"ALTER {whose} SET {SqlName.Quote(setting)} TO {SettingText.Quote(setting, value)}";
        }
    }
}
