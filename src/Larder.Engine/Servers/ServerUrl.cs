namespace Larder.Engine.Servers;

/// <summary>What a URL of a database server says, as far as the engine must know it; the rest is for the server's own driver.</summary>
internal static class ServerUrl
{
    private static readonly Dictionary<string, string> Engines = new(StringComparer.OrdinalIgnoreCase)
    {
        ["postgresql"] = "postgresql",
        ["postgres"] = "postgresql",
        ["mongodb"] = "mongodb",
        ["mongodb+srv"] = "mongodb",
        ["mysql"] = "mysql",
        ["mariadb"] = "mysql",
    };

    /// <summary>In the order in which people are told of them.</summary>
    public static IReadOnlyCollection<string> Schemes => Engines.Keys;

    public static bool IsServer(string engine) => Engines.ContainsValue(engine);

    /// <summary>Whether a text is meant as a URL and not as a path.</summary>
    public static bool IsUrl(string text) => text.Contains("://", StringComparison.Ordinal);

    /// <summary>The kind of source that a URL's scheme stands for; null for none.</summary>
    public static string? EngineOf(string url) => Engines.GetValueOrDefault(SchemeOf(url));

    public static string SchemeOf(string url) => url.Split("://", 2) is [var scheme, _] ? scheme : "";

    /// <summary>
    /// The database that a URL names; null for none. <c>admin</c> of MongoDB is none: it is where users are known, and not data.
    /// </summary>
    public static string? DatabaseOf(string url)
    {
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('?', '#')[0];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var name = slash < 0 ? "" : Uri.UnescapeDataString(rest[(slash + 1)..].TrimEnd('/'));
        return name.Length == 0 || (name == "admin" && EngineOf(url) == "mongodb") ? null : name;
    }
}
