using Larder.Sources.PostgreSql.Restore;

namespace Larder.Sources.PostgreSql;

/// <summary>Which databases of which server are dumped, with which programs. Computed by a look that changes nothing.</summary>
internal sealed record PostgreSqlPlan
{
    public required PostgreSqlServerFacts Server { get; init; }

    public required PostgreSqlTools Tools { get; init; }

    public required IReadOnlyList<ServerDatabase> Databases { get; init; }

    /// <summary>What `all` leaves out, with the reason.</summary>
    public IReadOnlyList<SourceWarning> LeftOut { get; init; } = [];

    public string Encoding => string.Join(", ", Databases.Select(database => database.Encoding).Distinct());

    /// <summary>Fails with <see cref="SourceException"/>.</summary>
    public static async Task<PostgreSqlPlan> MakeAsync(
        PostgreSqlSettings settings,
        PostgreSqlConnection connection,
        PostgreSqlQuery query,
        PostgreSqlToolLocator locator,
        CancellationToken cancellationToken)
    {
        var named = settings.AllDatabases ? connection.DatabaseName ?? "postgres" : (settings.Databases is [var first, ..] ? first : null);
        var server = await PostgreSqlServerFacts.ReadAsync(query, locator.Newest, named, cancellationToken);
        var plan = new PostgreSqlPlan { Server = server, Tools = locator.FindFor(server.MajorVersion), Databases = [] };
        if (settings.AllDatabases)
        {
            return TakeAll(plan);
        }
        var names = settings.Databases.Count > 0 ? settings.Databases : [server.DatabaseName];
        return plan with { Databases = [.. names.Distinct(StringComparer.Ordinal).Select(name => Find(server, name))] };
    }

    /// <summary>A server without any database of its users would make a backup that only looks like one.</summary>
    private static PostgreSqlPlan TakeAll(PostgreSqlPlan plan)
    {
        var taken = plan.Server.Databases
            .Where(database => database is { IsTemplate: false, TakesConnections: true } && !DatabaseNames.IsOfRestore(database.Name))
            .ToList();
        return taken.Count == 0
            ? throw new SourceException(SourceError.NotFound, "The server has no database that takes connections and is no template.")
            : plan with { Databases = taken, LeftOut = [.. plan.Server.Databases.Except(taken).Select(Explain)] };
    }

    private static ServerDatabase Find(PostgreSqlServerFacts server, string name) =>
        server.Databases.FirstOrDefault(database => database.Name == name)
        ?? (name is "template0" or "template1" ? new ServerDatabase(name, "", IsTemplate: true, TakesConnections: true) : null)
        ?? throw new SourceException(SourceError.NotFound, $"There is no database {name} on the server.");

    private static SourceWarning Explain(ServerDatabase database) => new(
        DatabaseFolder.Encode(database.Name),
        DatabaseNames.IsOfRestore(database.Name)
            ? $"The database {database.Name} belongs to a restore or a drill: it is being loaded, or kept so that it can be undone."
            : database.TakesConnections
            ? $"The database {database.Name} is a template, which \"all\" leaves out; name it to back it up."
            : $"The database {database.Name} takes no connections (ALLOW_CONNECTIONS false).");
}
