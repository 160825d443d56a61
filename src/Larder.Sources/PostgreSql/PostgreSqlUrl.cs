using System.Globalization;

namespace Larder.Sources.PostgreSql;

/// <summary>Takes a connection URL apart as libpq does (its manual, "Connection URIs"), so that the password can go another way.</summary>
public static class PostgreSqlUrl
{
    // What libpq knows, except what would name a second place for the same thing.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding", "connect_timeout",
        "client_encoding", "options", "application_name", "fallback_application_name", "keepalives", "keepalives_idle",
        "keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslmode", "requiressl", "sslnegotiation", "sslcompression",
        "sslcert", "sslkey", "sslpassword", "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer",
        "ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib", "gssencmode", "gssdelegation", "service",
        "target_session_attrs", "load_balance_hosts",
    };

    // Applications' URLs carry settings for their own pools, which libpq refuses.
    private static readonly HashSet<string> OfOtherPrograms = new(StringComparer.Ordinal)
    {
        "schema", "connection_limit", "pool_timeout", "pool_size", "pgbouncer", "statement_cache_size", "prepared_statement_cache_size",
        "charset", "encoding", "serverVersion", "socket_timeout", "pool_max_conns", "max_pool_size",
    };

    /// <returns>libpq's parameters by name; null with a problem, which is a whole sentence without any secret.</returns>
    public static IReadOnlyDictionary<string, string>? TryParse(string url, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(url);
        problem = null;
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0 || url[..scheme].Split('+')[0] is not ("postgresql" or "postgres"))
        {
            problem = "A PostgreSQL URL begins with postgresql://, such as postgresql://user@host:5432/database.";
            return null;
        }
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = url[(scheme + 3)..];
        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var place = query < 0 ? rest : rest[..query];
        problem = ReadPlace(place, found) ?? (query < 0 ? null : ReadQuery(rest[(query + 1)..], found));
        return problem is null ? found : null;
    }

    private static string? ReadPlace(string place, Dictionary<string, string> found)
    {
        // libpq takes the first @ before any slash; a password with either must quote it there, and so here.
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? place : place[..slash];
        var at = authority.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            var colon = authority.IndexOf(':', StringComparison.Ordinal);
            var userEnd = colon >= 0 && colon < at ? colon : at;
            Add(found, "user", Decode(authority[..userEnd]));
            Add(found, "password", Decode(userEnd < at ? authority[(userEnd + 1)..at] : ""));
            authority = authority[(at + 1)..];
        }
        Add(found, "dbname", slash < 0 ? "" : Decode(place[(slash + 1)..]));
        return ReadHosts(authority, found);
    }

    private static string? ReadHosts(string authority, Dictionary<string, string> found)
    {
        var hosts = new List<string>();
        var ports = new List<string>();
        foreach (var one in authority.Split(','))
        {
            var end = one.StartsWith('[') ? one.IndexOf(']', StringComparison.Ordinal) + 1 : one.IndexOf(':', StringComparison.Ordinal);
            if (one.StartsWith('[') && end == 0)
            {
                return "The address in the PostgreSQL URL begins with [ and has no ].";
            }
            end = end < 0 ? one.Length : end;
            hosts.Add(Decode(one[..end].Trim('[', ']')));
            ports.Add(end < one.Length ? one[(end + 1)..] : "");
        }
        if (ports.Exists(port => port.Length > 0 && !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return "The port in the PostgreSQL URL is not a number; a password with @ or / in it must write them as %40 and %2F.";
        }
        Add(found, "host", string.Join(',', hosts), emptyIs: new string(',', hosts.Count - 1));
        Add(found, "port", string.Join(',', ports), emptyIs: new string(',', ports.Count - 1));
        return null;
    }

    private static string? ReadQuery(string query, Dictionary<string, string> found)
    {
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            if (OfOtherPrograms.Contains(name))
            {
                continue;
            }
            if (!Known.Contains(name))
            {
                return $"The parameter {name} in the PostgreSQL URL is not one that libpq knows.";
            }
            Add(found, name, Decode(equals < 0 ? "" : pair[(equals + 1)..]));
        }
        return null;
    }

    private static void Add(Dictionary<string, string> found, string name, string value, string emptyIs = "")
    {
        if (value != emptyIs)
        {
            found[name] = value;
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text);
}
