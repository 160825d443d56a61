using System.Globalization;
using System.Text;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// How PostgreSQL's own programs are told where to connect: all but secrets in one argument, secrets in the child's environment, and what
/// is
/// in neither as libpq finds it by itself (<c>PG*</c>, <c>.pgpass</c>, service files).
/// </summary>
public sealed class PostgreSqlConnection
{
    // libpq has no variable for it, and an argument can be read by everybody.
    private const string KeyPassphrase = "sslpassword";

    private readonly Dictionary<string, string> parameters;
    private readonly string? password;

    /// <summary>Fails with <see cref="SourceError.Unreachable"/> where the URL cannot be understood.</summary>
    public PostgreSqlConnection(PostgreSqlSettings settings)
    {
        parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        if (settings.Url is { } url)
        {
            var found = PostgreSqlUrl.TryParse(url, out var problem) ?? throw new SourceException(SourceError.Unreachable, problem!);
            parameters = new Dictionary<string, string>(found, StringComparer.Ordinal);
        }
        Override("host", settings.Host);
        Override("port", settings.Port?.ToString(CultureInfo.InvariantCulture));
        Override("user", settings.User);
        Override("password", settings.Password);
        if (parameters.ContainsKey(KeyPassphrase))
        {
            throw new SourceException(
                SourceError.Unreachable,
                "The PostgreSQL URL has a passphrase for the client's key (sslpassword), which libpq takes only where everybody on this "
                + "machine could read it. Use a key without one, in a file that only this user may read.");
        }
        if (parameters.Remove("password", out var secret))
        {
            password = secret;
        }
        DatabaseName = Get("dbname", "PGDATABASE");
        Secrets = (password ?? System.Environment.GetEnvironmentVariable("PGPASSWORD")) is { Length: > 0 } known ? [known] : [];
    }

    /// <summary>The database that settings or environment name; null leaves it to libpq, which takes the user's name.</summary>
    public string? DatabaseName { get; }

    /// <summary>For people and the manifest: host and port, without user and password; null where libpq decides.</summary>
    public string? ShownHost => Get("host", "PGHOST") is not { } host
        ? null
        : Get("port", "PGPORT") is { } port && !host.StartsWith('/') ? $"{host}:{port}" : host;

    internal string? Password => password;

    /// <summary>What must not be shown.</summary>
    internal IReadOnlyList<string> Secrets { get; }

    /// <summary>A program that connects to a database, or to the one of the settings.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="database">Null for the one that libpq finds.</param>
    /// <param name="shownName">How messages name it.</param>
    /// <param name="arguments">Besides the connection.</param>
    public ToolStart Start(string program, string? database, string shownName, params IReadOnlyList<string> arguments) => new()
    {
        Program = program,
        Arguments = ["--no-password", "--dbname=" + Describe(database), .. arguments],
        Environment = Environment,
        ShownName = shownName,
    };

    /// <summary>libpq's connection string, without secrets. Any name of a database can be in it.</summary>
    internal string Describe(string? database)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in parameters.Where(pair => pair.Key != "dbname" || database is null))
        {
            Append(text, name, value);
        }
        if (database is not null)
        {
            Append(text, "dbname", database);
        }
        if (!parameters.ContainsKey("application_name") && !parameters.ContainsKey("fallback_application_name"))
        {
            Append(text, "fallback_application_name", "larder");
        }
        return text.ToString();
    }

    /// <summary>A name of a database where libpq takes a name or a connection string, so that no name is taken for the latter.</summary>
    internal static string DescribeDatabase(string database)
    {
        var text = new StringBuilder();
        Append(text, "dbname", database);
        return text.ToString();
    }

    /// <summary>
    /// With the programs' messages in English, because they are looked through for their meaning, and moments in UTC, because a row's
    /// fingerprint must not depend on where the server stands.
    /// </summary>
    private Dictionary<string, string> Environment
    {
        get
        {
            var found = new Dictionary<string, string>(StringComparer.Ordinal) { ["LC_ALL"] = "C", ["PGTZ"] = "UTC" };
            if (password is not null)
            {
                found["PGPASSWORD"] = password;
            }
            return found;
        }
    }

    /// <summary>A setting, or libpq's variable for it; null where neither says anything.</summary>
    internal string? Get(string parameter, string variable) =>
        parameters.GetValueOrDefault(parameter)
        ?? (System.Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null);

    private void Override(string name, string? value)
    {
        if (value is not null)
        {
            parameters[name] = value;
        }
    }

    private static void Append(StringBuilder text, string name, string value)
    {
        text.Append(text.Length > 0 ? " " : "").Append(name).Append("='");
        foreach (var character in value)
        {
            text.Append(character is '\'' or '\\' ? "\\" : "").Append(character);
        }
        text.Append('\'');
    }
}
