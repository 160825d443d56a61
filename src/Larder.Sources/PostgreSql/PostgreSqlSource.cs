namespace Larder.Sources.PostgreSql;

/// <summary>
/// Databases of a PostgreSQL server, by pg_dump, as folders that <c>pg_restore -Fd</c> takes. Nothing is written to this machine's disk.
/// Each
/// database is one snapshot; several are several.
/// </summary>
/// <param name="settings">Which server, which databases.</param>
/// <param name="clock">For dates and durations.</param>
/// <param name="locator">Where the client programs are; null looks in the usual places.</param>
public sealed class PostgreSqlSource(PostgreSqlSettings settings, TimeProvider clock, PostgreSqlToolLocator? locator = null) : ISource
{
    private readonly PostgreSqlToolLocator tools = locator ?? new();

    public string Engine => "postgresql";

    /// <summary>Looks at version, sizes and privileges. No row is read and no lock taken.</summary>
    public async Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken)
    {
        var connection = new PostgreSqlConnection(settings);
        var query = MakeQuery(connection);
        var plan = await PostgreSqlPlan.MakeAsync(settings, connection, query, tools, cancellationToken);
        long bytes = 0;
        foreach (var database in plan.Databases)
        {
            bytes += await PostgreSqlReadability.CheckAsync(
                query, plan.Tools, database.Name, checkTables: settings.Exclude.Count == 0, cancellationToken);
        }
        return new SourceProbe { EngineVersion = plan.Server.Version, EstimatedBytes = bytes };
    }

    /// <summary>When it returns, the first database's snapshot is held.</summary>
    public async Task<ISourceSession> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new PostgreSqlConnection(settings);
        var plan = await PostgreSqlPlan.MakeAsync(settings, connection, MakeQuery(connection), tools, cancellationToken);
        return await PostgreSqlSession.OpenAsync(settings, connection, plan, clock, cancellationToken);
    }

    private PostgreSqlQuery MakeQuery(PostgreSqlConnection connection) =>
        new(connection, new PostgreSqlFailures(connection.Secrets, connection.ShownHost), settings.Timeout, clock);
}
