using System.Globalization;

namespace Larder.Engine.Configuration;

/// <summary>
/// With no file, a few variables make a working job of one database and one repository. They become the same tree that a file would,
/// so the same schema checks them; a problem names the variable.
/// </summary>
internal static class EnvironmentConfiguration
{
    private static readonly (string Scheme, string Engine)[] Schemes =
    [
        ("postgresql", "postgresql"), ("postgres", "postgresql"), ("mongodb", "mongodb"), ("mongodb+srv", "mongodb"),
        ("mysql", "mysql"), ("mariadb", "mysql"), ("sqlite", "sqlite"),
    ];

    /// <summary>Those of which one must be set.</summary>
    public static IReadOnlyList<string> StartingVariables { get; } = ["DATABASE_URL", "MONGODB_LOCAL_URL"];

    /// <summary>The tree, or null where no database is named (with no problem) or nothing can be made of it (with one).</summary>
    public static SettingNode? Compose(
        IReadOnlyDictionary<string, string> variables,
        string folder,
        string stateDirectory,
        ICollection<ConfigurationProblem> problems,
        ICollection<ConfigurationProblem> warnings)
    {
        var reader = new Variables(variables, problems);
        if (reader.Get(StartingVariables[0]) is null && reader.Get(StartingVariables[1]) is null)
        {
            return null;
        }

        var before = problems.Count;
        var (engine, source, database) = Source(reader);
        var password = Password(reader, stateDirectory);
        var job = Job(reader, engine, source);
        var alerts = Alerts(reader, warnings);
        if (problems.Count > before)
        {
            return null;
        }

        var name = database is not null && ScalarShapes.IsName(database) ? database : "database";
        var (keep, repository) = (name, "local");
        return SettingNode.OfMap(
        [
            ("repositories", SettingNode.OfMap((repository, SettingNode.OfMap(
                ("path", reader.Node("BACKUP_DIR") ?? SettingNode.OfText(Path.Combine(folder, "backups"))), password!.Value)))),
            ("jobs", SettingNode.OfMap((keep, job))),
            .. alerts is null ? Array.Empty<(string, SettingNode)>() : [("alerts", SettingNode.OfList(alerts))],
        ]);
    }

    private static (string Engine, SettingNode Source, string? Database) Source(Variables reader)
    {
        var variable = reader.Get("MONGODB_LOCAL_URL") is not null ? "MONGODB_LOCAL_URL" : "DATABASE_URL";
        var url = reader.Get(variable)!;
        var scheme = SchemeOf(url);
        if (scheme.Length == 0 && url.Split("://", 2) is [var dialect, var rest] && dialect.Split('+') is [var plain, _])
        {
            // As SQLAlchemy has it: postgresql+asyncpg:// is PostgreSQL, whatever driver the application talks to it with.
            (url, scheme) = ($"{plain}://{rest}", SchemeOf($"{plain}://"));
        }

        var engine = Schemes.FirstOrDefault(known => known.Scheme == scheme).Engine;
        if (engine is null || (variable == "MONGODB_LOCAL_URL" && engine != "mongodb"))
        {
            reader.Problem(
                variable,
                $"{variable} is a value that begins with none of the schemes that are known.",
                variable == "DATABASE_URL" ? "postgresql://…, mongodb://…, mysql://… or sqlite:///path" : "mongodb://localhost:27017");
            return ("", SettingNode.OfMap(), null);
        }

        if (engine == "sqlite")
        {
            // As SQLAlchemy has it: three slashes and a relative path, four for an absolute one.
            // An absolute path with three is what people mean too.
            var path = url[(scheme.Length + 3)..].Split('?')[0];
            path = path.StartsWith("//", StringComparison.Ordinal) ? path[1..] : path;
            if (path.TrimStart('/').Length == 0)
            {
                reader.Problem(variable, $"{variable} names no file.", "sqlite:////srv/app/app.db");
            }

            return (engine, SettingNode.OfMap(("path", SettingNode.OfText(path, variable))), Path.GetFileNameWithoutExtension(path));
        }

        var database = reader.Get("DATABASE_NAME");
        var settings = new List<(string, SettingNode)> { ("url", SettingNode.OfText(url, variable)) };
        if (database is not null)
        {
            settings.Add(("database", reader.Node("DATABASE_NAME")!));
        }

        return (engine, SettingNode.OfMap(settings), database ?? DatabaseOf(url));
    }

    private static string SchemeOf(string url)
    {
        var scheme = url.Split("://", 2) is [var before, _] ? before.ToLowerInvariant() : "";
        return Schemes.Any(known => known.Scheme == scheme) ? scheme : "";
    }

    private static SettingNode Job(Variables reader, string engine, SettingNode source)
    {
        var job = new List<(string, SettingNode)>
        {
            ("sources", SettingNode.OfMap(("db", SettingNode.OfMap((engine, source))))),
        };

        if (reader.Flag("BACKUP_ENABLED") ?? true)
        {
            job.Add(("schedule", SettingNode.OfMap(("cron", reader.Node("BACKUP_SCHEDULE") ?? SettingNode.OfText("0 2 * * *")))));
        }

        job.Add(("keep", SettingNode.OfMap(("within", RetentionDays(reader)))));

        if (reader.Node("MONGODB_CLOUD_URL") is { } cloud && engine == "mongodb")
        {
            var primary = reader.Get("PRIMARY_DATABASE");
            if (primary is "local")
            {
                job.Add(("sync", SettingNode.OfMap(
                    ("source", SettingNode.OfText("db")), ("remote", cloud), ("primary", reader.Node("PRIMARY_DATABASE")!))));
            }
            else if (primary is not null)
            {
                reader.Problem(
                    "PRIMARY_DATABASE",
                    "PRIMARY_DATABASE is not local; only a database whose primary is local is backed up and synchronised.",
                    "PRIMARY_DATABASE=local");
            }
        }

        return SettingNode.OfMap(job);
    }

    private static SettingNode RetentionDays(Variables reader)
    {
        var text = reader.Get("BACKUP_RETENTION_DAYS") ?? "30";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 36_500)
        {
            reader.Problem("BACKUP_RETENTION_DAYS", "BACKUP_RETENTION_DAYS is not a whole number of days from 1 to 36500.",
                "BACKUP_RETENTION_DAYS=30");
        }

        return SettingNode.OfText($"{Math.Max(1, days)}d", "BACKUP_RETENTION_DAYS");
    }

    private static (string Key, SettingNode Node)? Password(Variables reader, string stateDirectory)
    {
        var given = new[] { ("LARDER_PASSWORD", "password"), ("LARDER_PASSWORD_FILE", "password_file"),
            ("LARDER_PASSWORD_COMMAND", "password_command") }
            .Where(pair => reader.Get(pair.Item1) is not null)
            .ToList();
        if (given.Count == 1)
        {
            return (given[0].Item2, reader.Node(given[0].Item1)!);
        }

        if (given.Count > 1)
        {
            reader.Problem("LARDER_PASSWORD", $"{given[0].Item1} and {given[1].Item1} are both set; only one may be.",
                $"unset {given[1].Item1}");
            return null;
        }

        // None given: "larder init" makes one. Until then the missing file is a warning, as any missing file of a password.
        return ("password_file", SettingNode.OfText(GeneratedPassword.PathIn(stateDirectory)));
    }

    private static SettingNode? Alerts(Variables reader, ICollection<ConfigurationProblem> warnings)
    {
        if (reader.Flag("EMAIL_ENABLED") is false)
        {
            return null;
        }

        var starting = new[] { "MAIL_SERVER", "MAIL_USERNAME", "EMAIL_USER", "EMAIL_TO" }.FirstOrDefault(name =>
            reader.Get(name) is not null);
        if (starting is null)
        {
            return null;
        }

        var user = reader.Node("MAIL_USERNAME") ?? reader.Node("EMAIL_USER");
        var to = reader.Node("EMAIL_TO") ?? reader.Node("MAIL_TO") ?? (user?.Text.Contains('@', StringComparison.Ordinal) == true ? user
            : null);
        if (to is null)
        {
            warnings.Add(new ConfigurationProblem
            {
                Key = "EMAIL_TO",
                Message = $"{starting} is set, but EMAIL_TO does not say who gets the mail, so nobody does.",
                Suggestion = "EMAIL_TO=admin@example.com",
            });
            return null;
        }

        var recipients = to.Text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries).Select(address =>
            SettingNode.OfText(address, to.Variable));
        var email = new List<(string, SettingNode)> { ("to", SettingNode.OfList(recipients)) };
        // EMAIL_USER without a server comes from scripts that knew Gmail only.
        var server = reader.Node("MAIL_SERVER") ?? reader.Node("EMAIL_SERVER") ?? reader.Node("EMAIL_HOST")
            ?? (reader.Get("EMAIL_USER") is not null ? SettingNode.OfText("smtp.gmail.com") : null);
        Add("server", server);
        Add("port", reader.Node("MAIL_PORT") ?? reader.Node("EMAIL_PORT"));
        Add("user", user);
        Add("password", reader.Node("MAIL_PASSWORD") ?? reader.Node("EMAIL_PASSWORD"));
        Add("from", reader.Node("MAIL_FROM") ?? reader.Node("EMAIL_FROM"));
        return SettingNode.OfMap(("email", SettingNode.OfMap(email)));

        void Add(string key, SettingNode? node)
        {
            if (node is not null)
            {
                email.Add((key, node));
            }
        }
    }

    /// <summary>The database that a URL names, for the job's name only.</summary>
    private static string? DatabaseOf(string url)
    {
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('?', '#')[0];
        var slash = rest.LastIndexOf('/');
        return slash < 0 ? null : rest[(slash + 1)..];
    }

    /// <summary>A variable that is set to nothing is as good as unset: compose files and `.env` templates leave such lines.</summary>
    private sealed class Variables(IReadOnlyDictionary<string, string> variables, ICollection<ConfigurationProblem> problems)
    {
        public string? Get(string name) => variables.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

        public SettingNode? Node(string name) => Get(name) is { } value ? SettingNode.OfText(value, name) : null;

        public bool? Flag(string name)
        {
            switch (Get(name)?.ToLowerInvariant())
            {
                case null:
                    return null;
                case "true" or "1" or "yes" or "on":
                    return true;
                case "false" or "0" or "no" or "off":
                    return false;
                default:
                    Problem(name, $"{name} is neither true nor false.", $"{name}=true");
                    return null;
            }
        }

        public void Problem(string name, string message, string suggestion) =>
            problems.Add(new ConfigurationProblem { Key = name, Message = message, Suggestion = suggestion });
    }
}
