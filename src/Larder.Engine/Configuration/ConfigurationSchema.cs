using static Larder.Engine.Configuration.ScalarShapes;

namespace Larder.Engine.Configuration;

/// <summary>Every key that a configuration may have.</summary>
internal static class ConfigurationSchema
{
    private static readonly ScalarShape RepositoryReference =
        Text("local", "the name of a repository") with { Reference = ReferenceKind.Repository };

    private static readonly ScalarShape SourceReference = Text("db",
        "the name of one of the job's sources") with { Reference = ReferenceKind.Source };

    private static readonly ScalarShape JobReference = Text("journal", "the name of a job") with { Reference = ReferenceKind.Job };

    private static readonly ScalarShape KeepCount = Integer(0, 100_000, "7");

    private static readonly IReadOnlyList<KeyShape> KeepKeys =
    [
        Key("last", KeepCount, "The newest this many backups."),
        Key("hourly", KeepCount, "The newest backup of each of this many hours that have one."),
        Key("daily", KeepCount, "The same for days."),
        Key("weekly", KeepCount, "The same for ISO weeks."),
        Key("monthly", KeepCount, "The same for months."),
        Key("yearly", KeepCount, "The same for years."),
        Key("within", Duration("30d"), "Everything not older than this, counted from the newest good backup."),
    ];

    private static readonly ObjectShape Service = Object("a map of unit, or of stop, start and healthy",
        "{ stop: systemctl stop app, start: systemctl start app }",
    [
        Key("unit", Unit(), "A systemd unit that is stopped and started, instead of command lines for it."),
        Key("stop", CommandLine("systemctl stop app"), "Stops what uses the data, before a restore."),
        Key("start", CommandLine("systemctl start app"), "Starts it again."),
        Key("healthy", CommandLine("curl -fsS http://localhost:5000/health"),
            "Succeeds when it works; a restore that it refuses is rolled back."),
        Key("healthy_within", Duration("60s"), "How long it may take until it works.", fallback: "60s"),
    ], new ExcludesRule("unit", "stop", "start"));

    public static ObjectShape Root { get; } = Object("a map with the keys repositories, jobs and alerts", "repositories: { … }",
    [
        Key("repositories", Named("a map from names to repositories", Repository()), "Where backups live.", required: true),
        Key("jobs", Named("a map from names to jobs", Job(), mayBeEmpty: true), "What is backed up together, when, and for how long."),
        Key("alerts", List("a list of alerts", AlertSchema.Alert(JobReference), mayBeEmpty: true), "Who is told what."),
        Key("monitor", AlertSchema.Monitor(isOfJob: false), "When something counts as not well."),
        Key("logs", AlertSchema.Logs(), "The log files."),
        Key("http", Object("a map with url, certificate or proxies", "{ url: https://backup.example.com }",
        [
            Key("url", WebUrl("https://backup.example.com"), "By which address people reach it, where that is another."),
            Key("certificate", Path("/etc/larder/tls.crt"), "A PEM file with the certificate and those above it, for HTTPS."),
            Key("certificate_key", Path("/etc/larder/tls.key"), "The PEM file of its key."),
            Key("proxies", List("a list of addresses", Address("127.0.0.1")), "Proxies whose X-Forwarded headers are believed."),
        ]), "How the API and the page are reached."),
        Key("access", AccessSchema.Access, "Who may come in besides the users of Larder's own."),
        Key(
            "state_directory",
            Path("/var/lib/larder"),
            "Larder's own state; by default /var/lib/larder for root, else ~/.local/state/larder."),
        Key("catalog", Object("a map with path or url", "{ path: /var/lib/larder/catalog.db }",
        [
            Key("path", Path("/var/lib/larder/catalog.db"), "The SQLite file; by default catalog.db in the state directory."),
            Key("url", SecretUrl("postgresql://larder@db.example.com/larder", "postgresql", "postgres"),
                "A PostgreSQL database instead, for a fleet."),
        ], new OneOfRule(true, "path", "url")), "Where runs, users and the audit log are kept."),
        Key("serve", Object("a map with listen", "{ listen: 127.0.0.1:8420 }",
        [
            Key("listen", List("a list of addresses with ports", Listen()), "Where the service answers; by default on this machine alone."),
            Key("max_parallel_runs", Integer(1, 64, "2"), "How many runs there may be at once, of all jobs.", fallback: "2"),
            Key("stop_wait", Duration("60s"), "How long runs may go on when the service is stopped.", fallback: "60s"),
        ]), "What `larder serve` goes by."),
    ]);

    private static ObjectShape Repository() => Object(
        "a map with one of path, s3, rest, rclone, and a password",
            "{ path: /var/lib/larder/repository, password_file: /etc/larder/repository.key }",
    [
        Key("path", Path("/var/lib/larder/repository"), "A folder of this machine."),
        Key("s3", Object("a map with endpoint and bucket", "{ endpoint: https://s3.example.com, bucket: backups }",
        [
            Key("endpoint", WebUrl("https://s3.example.com"), "The server.", required: true),
            Key("bucket", Text("backups"), "The bucket.", required: true),
            Key("prefix", Text("journal"), "A folder inside the bucket."),
            Key("region", Text("us-east-1"), "The region that requests are signed for.", fallback: "us-east-1"),
            Key("access_key", Secret("AKIA…"), "The access key; without it AWS_ACCESS_KEY_ID."),
            Key("secret_key", Secret("…"), "The secret key; without it AWS_SECRET_ACCESS_KEY."),
        ]), "A bucket of any S3 server."),
        Key("rest", Object("a map with url", "{ url: https://backup.example.com/journal }",
        [
            Key("url", WebUrl("https://backup.example.com/journal"), "The REST server and the path on it.", required: true),
            Key("user", Text("journal"), "The user."),
            Key("password", Secret("…"), "The user's password, not the repository's."),
        ]), "A REST server, as restic's rest-server."),
        Key("rclone", Object("a map with remote", "{ remote: \"drive:backups\" }",
        [
            Key("remote", Text("\"drive:backups\""), "The remote and the path on it, as rclone names them.", required: true),
            Key("program", Text("rclone"), "The program.", fallback: "rclone"),
        ], "remote"), "Anything that rclone reaches."),
        Key("password", Secret("\"${LARDER_PASSWORD}\""), "What the repository is encrypted with. Lost password, lost backups.",
            required: true),
    ], new OneOfRule(true, "path", "s3", "rest", "rclone"));

    private static ObjectShape Job() => Object("a map with sources", "{ sources: { db: { sqlite: { path: /srv/app/app.db } } } }",
    [
        Key("sources", Named("a map from names to sources", Source()), "What is backed up; together they are one restore point.",
            required: true),
        Key("to", List("a list of names of repositories", RepositoryReference), "Where to; by default every repository."),
        Key("schedule", List("a list of times", Object("a map with cron", "{ cron: \"0 2 * * *\" }",
        [
            Key("cron", Cron("0 2 * * *"), "Minute, hour, day of month, month, day of week.", required: true),
            Key("only", List("a list of names of the job's sources", SourceReference), "Only these sources; by default all."),
            Key("cleanup", Boolean("true"), "Whether retention is applied afterwards; by default where nothing else says when."),
        ], "cron"), mayBeEmpty: true), "When; without it the job runs by hand only."),
        Key("cleanup", Object("a map with cron", "{ cron: \"30 2 * * *\" }",
        [
            Key("cron", Cron("30 2 * * *"), "When.", required: true),
        ], "cron"), "When retention is applied; by default after each scheduled backup."),
        Key("jitter", Duration("10m"), "By how much a scheduled run may begin later, so that not everything begins at once."),
        Key("priority", Integer(-100, 100, "0"), "The service prefers the job with the greater number where several wait.", fallback: "0"),
        Key("retry", Object("a map with times and wait", "{ times: 1, wait: 5m }",
        [
            Key("times", Integer(0, 10, "1"), "How often a scheduled run that failed or was interrupted is begun again.", fallback: "1"),
            Key("wait", Duration("5m"), "How long after the failure.", fallback: "5m"),
        ]), "What the service does about a scheduled run that failed."),
        Key("keep", Object("a map of numbers", "{ daily: 7, weekly: 4, monthly: 12 }",
        [
            .. KeepKeys,
            Key("repositories", Named("a map from names of repositories to what they keep",
                Object("a map of numbers", "{ monthly: 24 }", KeepKeys), reference: ReferenceKind.Repository),
                    "What single repositories keep instead."),
        ]), "How long; without it every backup is kept."),
        Key("drill", Object("a map with cron", "{ cron: \"0 5 * * 0\" }",
        [
            Key("cron", Cron("0 5 * * 0"), "When."),
            Key("assert", List("a list of assertions", Object("a map with source and one of sql, command, shell",
                "{ source: db, sql: \"select count(*) > 0 from entries\" }",
            [
                Key("source", SourceReference, "The source that was restored.", required: true),
                Key("sql", Text("\"select count(*) > 0 from entries\"") with { IsCommandLine = true },
                    "A question whose answer must be true: one value, neither 0, false nor NULL."),
                Key("command", Text("'{ \"count\": \"entries\" }'") with { IsCommandLine = true },
                    "A MongoDB command as JSON, whose answer must not have an n of 0 or an empty first batch."),
                Key("shell", CommandLine("test -s \"$LARDER_DRILL_PATH\""),
                    "A command line that must end with 0; LARDER_DRILL_PATH or LARDER_DRILL_URL say where the restored data are."),
                Key("database", Text("app"), "The database that is asked, where the source has several."),
            ], new OneOfRule(true, "sql", "command", "shell"))), "What must be true of the restored data."),
            Key("servers", Named("a map from names of sources to servers", Object("a map with url",
                "{ url: \"postgresql://drill@scratch.example.com/postgres\" }",
            [
                Key("url", SecretUrl("postgresql://drill@scratch.example.com/postgres", "postgresql", "postgres", "mongodb", "mongodb+srv",
                    "mysql", "mariadb"), "The server.", required: true),
            ], "url"), reference: ReferenceKind.Source),
                "Servers to restore into, instead of one that the drill starts itself; its databases there have names of their own."),
            Key("programs", Object("a map from kinds of servers to folders", "{ mongodb: /opt/mongodb/bin }",
            [
                Key("postgresql", Path("/usr/lib/postgresql/17/bin"), "Where initdb and postgres are; by default the usual places."),
                Key("mongodb", Path("/opt/mongodb/bin"), "Where mongod is; by default PATH."),
                Key("mysql", Path("/usr/sbin"), "Where mariadbd and mariadb-install-db, or mysqld, are; by default the usual places."),
            ]), "Where the programs are that a drill starts."),
            Key("folder", Path("/var/tmp"), "Where the throwaway data go; it needs room for all of the backup."),
        ], "cron"), "A real restore into a throwaway engine."),
        Key("service", Service, "What to stop and start around a restore."),
        Key("hooks", Object("a map with before, after or on_failure", "{ before: \"touch /run/app.maintenance\" }",
        [
            Key("before", List("a list of command lines", CommandLine("touch /run/app.maintenance")),
                "Run before a backup; a failure fails the backup."),
            Key("after", List("a list of command lines", CommandLine("rm -f /run/app.maintenance")),
                "Run after every backup, good or bad."),
            Key("on_failure", List("a list of command lines", CommandLine("logger backup failed")), "Run after a backup that failed."),
        ]), "Programs around a backup."),
        Key("compression", Integer(-7, 19, "1"), "The level of zstd; 0 is off, below 0 is faster.", fallback: "1"),
        Key("chunk_size", ChunkSize(), "The average size at which streams are cut; by default what fits the kind of source."),
        Key("timeout", Duration("6h"), "The longest that a whole backup may take."),
        Key("description", Text("The journal and its database"), "For people."),
        Key("tags", List("a list of words", Tag()), "Put on every backup of the job."),
        Key("time_zone", TimeZone(), "For schedule, retention and timestamps.", fallback: "local"),
        Key("verify", Object("a map with level", "{ cron: \"0 4 * * 6\", level: data, subset: 1/7 }",
        [
            Key("cron", Cron("0 4 * * 6"), "When."),
            Key("level", Word("structure", "data", "content"), "How deep.", fallback: "data"),
            Key("subset", Share(), "Only a share at a time, so that seven runs of 1/7 see everything."),
        ]), "Checks of the job's backups."),
        Key("monitor", AlertSchema.Monitor(isOfJob: true),
            "When something of this job counts as not well; what is left away is as for all jobs."),
        Key("keep_safety", Duration("7d"), "How long what a restore replaced is kept, so that it can be undone.", fallback: "7d"),
        Key("environments", Named("a map from names to environments", Object(
            "a map from names of sources to targets", "{ db: { path: /srv/staging/app.db } }",
        [
            Key("targets", Named("a map from names of sources to targets", Object("a map with url or path", "{ path: /srv/staging }",
            [
                Key("url", SecretUrl("postgresql://app@staging.example.com/app", "postgresql", "postgres", "mongodb", "mongodb+srv",
                    "mysql", "mariadb"), "The database to restore into."),
                Key("path", Path("/srv/staging"), "The file or folder to restore into."),
            ], new OneOfRule(true, "url", "path")), reference: ReferenceKind.Source), "Where each source goes."),
            Key("service", Service, "What to stop and start there."),
        ]) with { Inline = "targets" }), "Other places to restore to: staging, test."),
        Key("sync", Object("a map with source, remote and primary", "{ source: db, remote: \"${MONGODB_CLOUD_URL}\", primary: local }",
        [
            Key("source", SourceReference, "The MongoDB source that is the local side.", required: true),
            Key("remote", SecretUrl("\"${MONGODB_CLOUD_URL}\"", "mongodb", "mongodb+srv"), "The other side.", required: true),
            Key("primary", Word("local"), "Says that local is primary, without which nothing is synchronised.", required: true),
            Key("field", Text("updatedAt"), "The field that says which side is newer.", fallback: "updatedAt"),
            Key("exclude", List("a list of collections", Text("sessions")), "Collections that are left alone."),
        ]), "Two-way sync of a local and a remote MongoDB before each backup."),
        Key("purge", Object("a map with source", "{ source: db, always: [activities] }",
        [
            Key("source", SourceReference, "The MongoDB source.", required: true),
            Key("always", List("a list of collections", Text("activities")), "Emptied after every good backup."),
            Key("confirm", List("a list of collections", Text("bookings")), "Emptied only where the caller names them."),
        ]), "Collections that are emptied after a good backup, on both sides where the job synchronises."),
    ]);

    private static ObjectShape Source() => Object(
        "a map with one of postgresql, mongodb, mysql, sqlite, files, command", "{ sqlite: { path: /srv/app/app.db } }",
    [
        Key("postgresql", Object("a map with url or host", "{ url: \"${DATABASE_URL}\" }",
        [
            .. Server("5432", "postgresql", "postgres"),
            Key("globals", Boolean("true"), "Roles and tablespaces too.", fallback: "true"),
            Key("exclude", List("a list of tables", Text("public.sessions")), "Tables whose rows are left out."),
        ], ServerRules(mustSay: false)), "A PostgreSQL server; without url and host that of PGHOST, or the local one."),
        Key("mongodb", Object("a map with url", "{ url: \"${MONGODB_URL}\" }",
        [
            Key("url", SecretUrl("mongodb://localhost:27017", "mongodb", "mongodb+srv"), "The server.", required: true),
            Key("database", Text("app"), "One database; by default the one in the URL."),
            Key("databases", List("all, or a list of databases", Text("all")), "Several databases, or all."),
            Key("exclude", List("a list of collections", Text("sessions")), "Collections that are left out."),
            Key("read_preference", Word("primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"),
                "Which member is read.", fallback: "primary"),
        ], new OneOfRule(false, "database", "databases")), "A MongoDB server."),
        Key("mysql", Object("a map with url or host", "{ url: \"${DATABASE_URL}\" }",
        [
            .. Server("3306", "mysql", "mariadb"),
            Key("exclude", List("a list of tables", Text("app.sessions")), "Tables whose rows are left out."),
        ], ServerRules(mustSay: true)), "A MySQL or MariaDB server."),
        Key("sqlite", Object("a map with path", "{ path: /srv/app/app.db }",
        [
            Key("path", Path("/srv/app/app.db"), "The database file.", required: true),
        ], "path"), "A SQLite file, also while it is written to."),
        Key("files", Object("a map with paths", "{ paths: [/srv/app] }",
        [
            Key("paths", List("a list of paths", Path("/srv/app")), "Files and folders.", required: true),
            Key("exclude", List("a list of patterns", Text("\"*.log\"")), "What is left out, written as in .gitignore."),
        ]), "Files and folders."),
        Key("command", Object("a map with run", "{ run: \"docker save app\", name: app.tar }",
        [
            Key("run", CommandLine("docker save app"), "A command line whose standard output is kept.", required: true),
            Key("name", FileName("app.tar"), "What the output is called in the backup.", fallback: "output"),
        ], "run"), "The output of a program."),
        Key("timeout", Duration("1h"), "The longest that this source may take."),
    ], new OneOfRule(true, "postgresql", "mongodb", "mysql", "sqlite", "files", "command"));

    private static KeyRule[] ServerRules(bool mustSay) =>
    [
        new OneOfRule(mustSay, "url", "host"),
        new OneOfRule(false, "database", "databases"),
        new ExcludesRule("url", "port", "user", "password"),
    ];

    private static KeyShape[] Server(string port, params string[] schemes) =>
    [
        Key("url", SecretUrl($"{schemes[0]}://app@localhost/app", schemes), "The server and database."),
        Key("host", Text("localhost"), "The server, or the folder of its socket."),
        Key("port", Integer(1, 65535, port), "The port."),
        Key("user", Text("app"), "The user."),
        Key("password", Secret("…"), "The user's password."),
        Key("database", Text("app"), "One database; by default the one in the URL."),
        Key("databases", List("all, or a list of databases", Text("all")), "Several databases, or all."),
    ];

    internal static KeyShape Key(string name, Shape shape, string about, bool required = false, string? fallback = null) =>
        new() { Name = name, Shape = shape, About = about, Required = required, Default = fallback };

    internal static ObjectShape Object(string expected, string example, IReadOnlyList<KeyShape> keys, params KeyRule[] rules) =>
        new() { Expected = expected, Example = example, Keys = keys, Rules = rules };

    internal static ObjectShape Object(string expected, string example, IReadOnlyList<KeyShape> keys, string shorthand) =>
        new() { Expected = expected, Example = example, Keys = keys, Shorthand = shorthand };

    internal static ListShape List(string expected, Shape item, bool mayBeEmpty = false) =>
        new() { Expected = expected, Example = $"[{item.Example}]", Item = item, MayBeEmpty = mayBeEmpty };

    internal static NamedShape Named(string expected, Shape item, ReferenceKind reference = ReferenceKind.None, bool mayBeEmpty = false) =>
        new() { Expected = expected, Example = $"{{ name: {item.Example} }}", Item = item, Reference = reference, MayBeEmpty = mayBeEmpty };
}
