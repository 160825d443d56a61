using System.Globalization;

namespace Larder.Sources.MySql;

/// <summary>
/// Reads addresses such as <c>mysql://user:password@host:3306/database?ssl-mode=verify-full</c>; <c>mariadb://</c> means the same. The
/// parameters are <c>ssl-mode</c>, <c>ssl-ca</c> and <c>socket</c>.
/// </summary>
public static class MySqlUrl
{
    /// <summary>The server and the database, which is null where the address names none.</summary>
    /// <exception cref="FormatException">It is no such address. The message holds nothing of it, since it may hold a password.</exception>
    public static (MySqlServer Server, string? Database) Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("mysql" or "mariadb"))
        {
            throw new FormatException("The address is not like mysql://user:password@host:3306/database.");
        }
        var login = uri.UserInfo.Split(':', 2);
        var server = new MySqlServer
        {
            Host = uri.Host.Length == 0 ? "localhost" : uri.DnsSafeHost,
            Port = uri.Port < 0 ? 3306 : uri.Port,
            User = login[0].Length == 0 ? null : Uri.UnescapeDataString(login[0]),
            Password = login.Length < 2 ? null : Uri.UnescapeDataString(login[1]),
        };
        foreach (var parameter in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            server = Apply(server, parameter.Split('=', 2));
        }
        var database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        return (server, database.Length == 0 ? null : database);
    }

    private static MySqlServer Apply(MySqlServer server, string[] parameter)
    {
        var value = parameter.Length < 2 ? "" : Uri.UnescapeDataString(parameter[1]);
        return parameter[0].ToLower(CultureInfo.InvariantCulture) switch
        {
            "ssl-mode" or "sslmode" => server with { Tls = ParseTls(value) },
            "ssl-ca" => server with { AuthorityFile = value },
            "socket" => server with { Socket = value },
            _ => throw new FormatException(
                $"The address has the parameter {parameter[0]}, which is not known; known are ssl-mode, ssl-ca and socket."),
        };
    }

    private static MySqlTls ParseTls(string mode) => mode.ToLowerInvariant().Replace('_', '-') switch
    {
        "disabled" or "disable" => MySqlTls.Disabled,
        "preferred" or "prefer" => MySqlTls.Default,
        "required" or "require" => MySqlTls.Required,
        "verify-identity" or "verify-full" or "verify-ca" => MySqlTls.Verified,
        _ => throw new FormatException(
            "The address has an ssl-mode that is not known; known are disabled, preferred, required and verify-identity."),
    };
}
