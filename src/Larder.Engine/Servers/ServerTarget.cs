using Larder.Engine.Configuration;

namespace Larder.Engine.Servers;

/// <summary>A database server that something is restored into.</summary>
public abstract record ServerTarget
{
    private protected ServerTarget()
    {
    }

    /// <summary><c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>.</summary>
    public abstract string Engine { get; }

    /// <summary>The database that it names; null where it names none or several, and then each goes back under its own name.</summary>
    public string? DatabaseName { get; private protected init; }
}

/// <summary>One that a URL names.</summary>
public sealed record ServerAtUrl : ServerTarget
{
    private ServerAtUrl(string engine) => Engine = engine;

    public override string Engine { get; }

    public required Secret Url { get; init; }

    /// <summary>Null where the URL begins with no scheme of a database server.</summary>
    public static async ValueTask<ServerAtUrl?> ReadAsync(Secret url, CancellationToken cancellationToken)
    {
        var text = await url.RevealAsync(cancellationToken);
        return ServerUrl.EngineOf(text) is { } engine
            ? new ServerAtUrl(engine) { Url = url, DatabaseName = ServerUrl.DatabaseOf(text) }
            : null;
    }
}

/// <summary>The one that the configuration names for a source.</summary>
public sealed record ConfiguredServer : ServerTarget
{
    private ConfiguredServer(SourceSettings settings) => Settings = settings;

    public override string Engine => Settings.Engine;

    public SourceSettings Settings { get; }

    /// <summary>Null for a source that is no server.</summary>
    public static async ValueTask<ConfiguredServer?> ReadAsync(SourceSettings settings, CancellationToken cancellationToken)
    {
        var (selection, url) = settings switch
        {
            PostgreSqlSourceSettings postgresql => (postgresql.Databases, postgresql.Server.Url),
            MongoDbSourceSettings mongodb => (mongodb.Databases, mongodb.Url),
            MySqlSourceSettings mysql => (mysql.Databases, mysql.Server.Url),
            _ => ((DatabaseSelection?)null, (Secret?)null),
        };
        if (selection is null)
        {
            return null;
        }
        var named = selection switch
        {
            { All: true } => null,
            { Names: [var only] } => only,
            { Names.Count: > 1 } => null,
            _ => url is null ? null : ServerUrl.DatabaseOf(await url.RevealAsync(cancellationToken)),
        };
        return new ConfiguredServer(settings) { DatabaseName = named };
    }
}
