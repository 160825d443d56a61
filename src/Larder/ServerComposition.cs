using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Dumps;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;
using Larder.Sources.MySql;
using Larder.Sources.MySql.Restore;
using Larder.Sources.PostgreSql;
using Larder.Sources.PostgreSql.Restore;

namespace Larder;

/// <summary>The part of the composition that knows database servers: from settings, their secrets fetched, to what talks to them.</summary>
internal sealed class ServerComposition
{
    private readonly TimeProvider clock;

    /// <param name="variables">The environment and `.env`.</param>
    /// <param name="clock">All waiting.</param>
    public ServerComposition(IReadOnlyDictionary<string, string> variables, TimeProvider clock)
    {
        this.clock = clock;
        foreach (var (name, value) in variables.Where(variable => variable.Key.StartsWith("PG", StringComparison.Ordinal)))
        {
            // What a URL does not say, libpq looks for in the environment; of `.env` it knows nothing. Children inherit it from here.
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    /// <summary>What reads the dumps of an engine; null for what is no database server.</summary>
    public static IDumpCheck? CheckOf(string engine) => engine switch
    {
        "postgresql" => new PostgreSqlCheck(),
        "mongodb" => new MongoDbCheck(),
        "mysql" => new MySqlCheck(),
        _ => null,
    };

    /// <summary>What writes the dumps of an engine as SQL; null for what speaks none.</summary>
    public IDumpScript? ScriptOf(string engine) => engine switch
    {
        "postgresql" => new PostgreSqlScriptText(clock),
        "mysql" => new MySqlScriptText(),
        _ => null,
    };

    /// <summary>The source of a database server; null for what is none.</summary>
    public async ValueTask<ISource?> SourceAsync(JobSettings job, SourceSettings settings, CancellationToken cancellationToken) =>
        settings switch
        {
            PostgreSqlSourceSettings postgresql => new PostgreSqlSource(
                (await PostgreSqlAsync(postgresql.Server, cancellationToken)) with
                {
                    Databases = postgresql.Databases.Names,
                    AllDatabases = postgresql.Databases.All,
                    Globals = postgresql.Globals,
                    Exclude = postgresql.Exclude,
                    Timeout = postgresql.Timeout ?? job.Timeout,
                },
                clock),
            MongoDbSourceSettings mongodb => new MongoDbSource(
                new MongoDbSettings
                {
                    Url = await mongodb.Url.RevealAsync(cancellationToken),
                    Databases = mongodb.Databases.Names,
                    AllDatabases = mongodb.Databases.All,
                    Exclude = mongodb.Exclude,
                    // The primary is the default, here and of a URL that says nothing: what the URL says shall count.
                    ReadPreference = mongodb.ReadPreference == "primary" ? null : mongodb.ReadPreference,
                },
                clock),
            MySqlSourceSettings mysql => await MySqlAsync(mysql, mysql.Timeout ?? job.Timeout, cancellationToken),
            _ => null,
        };

    public async ValueTask<IDumpRestore> RestoreIntoAsync(ServerTarget target, CancellationToken cancellationToken) => target switch
    {
        ServerAtUrl { Engine: "postgresql" } at =>
            PostgreSql(await PostgreSqlAsync(new DatabaseServer { Url = at.Url }, cancellationToken)),
        ConfiguredServer { Settings: PostgreSqlSourceSettings source } =>
            PostgreSql(await PostgreSqlAsync(source.Server, cancellationToken)),
        ServerAtUrl { Engine: "mongodb" } at => new MongoDbRestore(await at.Url.RevealAsync(cancellationToken)),
        ConfiguredServer { Settings: MongoDbSourceSettings source } => new MongoDbRestore(await source.Url.RevealAsync(cancellationToken)),
        ServerAtUrl { Engine: "mysql" } at => MySql(await MySqlServerAsync(new DatabaseServer { Url = at.Url }, cancellationToken)),
        ConfiguredServer { Settings: MySqlSourceSettings source } => MySql(await MySqlServerAsync(source.Server, cancellationToken)),
        _ => throw new LarderException(
            EngineError.UnsupportedSource, $"This version of Larder does not restore into servers of kind \"{target.Engine}\"."),
    };

    private PostgreSqlRestore PostgreSql(PostgreSqlSettings server) => new(new PostgreSqlTarget { Server = server }, clock);

    private MySqlRestore MySql((MySqlServer Server, string? Database) target) => new(target.Server, clock);

    /// <summary>Where the server is. What is missing, libpq finds by itself.</summary>
    private static async ValueTask<PostgreSqlSettings> PostgreSqlAsync(
        DatabaseServer settings, CancellationToken cancellationToken) => new()
    {
        Url = settings.Url is { } url ? await url.RevealAsync(cancellationToken) : null,
        Host = settings.Host,
        Port = settings.Port,
        User = settings.User,
        Password = settings.Password is { } password ? await password.RevealAsync(cancellationToken) : null,
    };

    private async ValueTask<MySqlSource> MySqlAsync(MySqlSourceSettings settings, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var (server, named) = await MySqlServerAsync(settings.Server, cancellationToken);
        return new MySqlSource(
            new MySqlSettings
            {
                Server = server,
                Databases = settings.Databases switch
                {
                    { All: true } => [],
                    { Names: { Count: > 0 } names } => names,
                    _ => named is null ? [] : [named],
                },
                Exclude = settings.Exclude,
                Timeout = timeout,
            },
            clock);
    }

    /// <summary>The server, and the database that its URL names.</summary>
    private static async ValueTask<(MySqlServer Server, string? Database)> MySqlServerAsync(
        DatabaseServer settings, CancellationToken cancellationToken)
    {
        if (settings.Url is { } url)
        {
            return MySqlAt(url, await url.RevealAsync(cancellationToken));
        }
        var isSocket = settings.Host?.StartsWith('/') == true;
        var server = new MySqlServer
        {
            Socket = isSocket ? settings.Host : null,
            User = settings.User,
            Password = settings.Password is { } password ? await password.RevealAsync(cancellationToken) : null,
        };
        return (server with { Host = isSocket ? server.Host : settings.Host ?? server.Host, Port = settings.Port ?? server.Port }, null);
    }

    private static (MySqlServer Server, string? Database) MySqlAt(Secret url, string text)
    {
        try
        {
            return MySqlUrl.Parse(text);
        }
        catch (FormatException e)
        {
            throw new ConfigurationException(new ConfigurationProblem { Key = url.Key, Message = e.Message });
        }
    }
}
