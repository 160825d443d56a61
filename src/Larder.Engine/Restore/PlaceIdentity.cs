using Larder.Engine.Configuration;
using Larder.Engine.Servers;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore;

/// <summary>A place that data lives in, in a form in which two ways of writing the same place are equal.</summary>
/// <param name="Engine"><c>path</c> for files and SQLite databases.</param>
/// <param name="Where">Host and port of a server, or an absolute path.</param>
/// <param name="Database">Null for all that the server has.</param>
internal sealed record PlaceIdentity(string Engine, string Where, string? Database)
{
    private static readonly string[] LocalNames = ["", "localhost", "127.0.0.1", "[::1]", "::1"];

    /// <summary>Whether writing to the one may change the other.</summary>
    public bool Meets(PlaceIdentity other) => Engine == other.Engine && Where == other.Where
        && (Database is null || other.Database is null || Database == other.Database);

    public static PlaceIdentity OfPath(string path) => new("path", LivePath.Resolve(path), null);

    /// <summary>Null where it is no URL of a server.</summary>
    public static PlaceIdentity? OfUrl(string url)
    {
        if (ServerUrl.EngineOf(url) is not { } engine)
        {
            return null;
        }
        var authority = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/', '?', '#')[0];
        var hosts = authority[(authority.LastIndexOf('@') + 1)..].Split(',');
        return new PlaceIdentity(engine, string.Join(',', hosts.Select(host => Normal(engine, host)).Order()), ServerUrl.DatabaseOf(url));
    }

    /// <summary>What the configuration says of a source; empty where it is no place that is restored to.</summary>
    public static async Task<IReadOnlyList<PlaceIdentity>> OfSourceAsync(SourceSettings source, CancellationToken cancellationToken)
    {
        switch (source)
        {
            case SqliteSourceSettings sqlite:
                return [OfPath(sqlite.Path)];
            case FilesSourceSettings files:
                return [.. files.Paths.Select(OfPath)];
            case PostgreSqlSourceSettings { Server: var server, Databases: var databases }:
                return await OfServerAsync("postgresql", server, databases, cancellationToken);
            case MySqlSourceSettings { Server: var server, Databases: var databases }:
                return await OfServerAsync("mysql", server, databases, cancellationToken);
            case MongoDbSourceSettings { Url: var url, Databases: var databases }:
                return await OfServerAsync("mongodb", new DatabaseServer { Url = url }, databases, cancellationToken);
            default:
                return [];
        }
    }

    private static async Task<IReadOnlyList<PlaceIdentity>> OfServerAsync(
        string engine, DatabaseServer server, DatabaseSelection databases, CancellationToken cancellationToken)
    {
        var place = server.Url is { } url
            ? OfUrl(await url.RevealAsync(cancellationToken))
            : new PlaceIdentity(engine, Normal(engine, $"{server.Host}{(server.Port is { } port ? $":{port}" : "")}"), null);
        return place is null ? []
            : databases.Names.Count > 0 ? [.. databases.Names.Select(name => place with { Database = name })]
            : [databases.All ? place with { Database = null } : place];
    }

    private static string Normal(string engine, string host)
    {
        var colon = host.LastIndexOf(':');
        var hasPort = colon > host.LastIndexOf(']') && host.IndexOf(':', StringComparison.Ordinal) == colon;
        var name = (hasPort ? host[..colon] : host).ToLowerInvariant();
        var port = hasPort ? host[(colon + 1)..] : engine switch { "postgresql" => "5432", "mysql" => "3306", _ => "27017" };
        return $"{(LocalNames.Contains(name) || name.StartsWith('/') ? "localhost" : name)}:{port}";
    }
}
