namespace Larder.Sources.PostgreSql;

/// <summary>
/// A PostgreSQL server and what to back up of it. What is not given here is taken from libpq's variables (<c>PGHOST</c>, <c>PGPASSWORD</c>,
/// <c>PGSERVICE</c>, …) and files (<c>.pgpass</c>, <c>.pg_service.conf</c>), as psql does it.
/// </summary>
public sealed record PostgreSqlSettings
{
    /// <summary>
    /// <c>postgresql://user:password@host:port/database?sslmode=…</c>, in libpq's syntax (several hosts too). The other settings override
    /// it.
    /// </summary>
    public string? Url { get; init; }

    /// <summary>A name, an address, or a folder with a Unix socket.</summary>
    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>The databases to back up; empty for the one that the URL or the environment names.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>Every database of the server that takes connections and is no template.</summary>
    public bool AllDatabases { get; init; }

    /// <summary>Roles, memberships and tablespaces too, as <c>globals.sql</c>.</summary>
    public bool Globals { get; init; } = true;

    /// <summary>Tables to leave out, definition and rows: patterns of pg_dump's <c>--exclude-table</c>, such as <c>logs.*</c>.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>For each run of a program; null waits for ever.</summary>
    public TimeSpan? Timeout { get; init; }
}
