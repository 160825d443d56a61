using static Larder.Engine.Configuration.ConfigurationSchema;
using static Larder.Engine.Configuration.ScalarShapes;

namespace Larder.Engine.Configuration;

/// <summary>The keys of alerts, of the monitor and of log files.</summary>
internal static class AlertSchema
{
    /// <param name="job">The shape of a job's name.</param>
    public static ObjectShape Alert(ScalarShape job)
    {
        var webhook = Object("a map with url", "{ url: https://example.com/hook }",
            [Key("url", SecretUrl("https://example.com/hook", "https", "http"), "The address, which is itself a secret.",
                required: true)], "url");
        return Object("a map with one way to tell people", "{ email: { to: [admin@example.com] } }",
        [
            Key("email", Object("a map with to", "{ to: [admin@example.com] }",
            [
                Key("to", List("a list of e-mail addresses", Email()), "Who.", required: true),
                Key("from", Email(), "The sender; by default the user, or larder at this machine."),
                Key("server", Text("smtp.example.com"), "The mail server.", fallback: "localhost"),
                Key("port", Integer(1, 65535, "587"), "Its port; by default what the security implies."),
                Key("user", Text("larder"), "The user."),
                Key("password", Secret("…"), "The user's password."),
                Key("security", Word("auto", "starttls", "tls", "none"), "How the connection is protected.", fallback: "auto"),
                Key("ca_file", Path("/etc/ssl/certs/mail.pem"), "Certificates that the server is believed by, instead of the system's."),
            ]), "E-mail."),
            Key("webhook", Object("a map with url", "{ url: https://example.com/hook }",
            [
                .. webhook.Keys,
                Key("secret", Secret("\"${WEBHOOK_SECRET}\""), "What the body is signed with (HMAC-SHA256)."),
            ], "url"), "A POST of JSON."),
            Key("slack", webhook, "Slack's incoming webhook."),
            Key("discord", webhook, "Discord's webhook."),
            Key("teams", webhook, "The webhook of Microsoft Teams."),
            Key("telegram", Object("a map with token and chat", "{ token: \"${TELEGRAM_TOKEN}\", chat: \"42\" }",
            [
                Key("token", Secret("\"${TELEGRAM_TOKEN}\""), "The bot's token.", required: true),
                Key("chat", Text("\"42\""), "The chat's number or name.", required: true),
            ]), "Telegram."),
            Key("ntfy", Object("a map with topic", "{ topic: backups }",
            [
                Key("url", WebUrl("https://ntfy.sh"), "The server.", fallback: "https://ntfy.sh"),
                Key("topic", Text("backups"), "The topic.", required: true),
                Key("token", Secret("…"), "The access token."),
            ]), "ntfy."),
            Key("gotify", Object("a map with url and token", "{ url: https://gotify.example.com, token: \"${GOTIFY_TOKEN}\" }",
            [
                Key("url", WebUrl("https://gotify.example.com"), "The server.", required: true),
                Key("token", Secret("\"${GOTIFY_TOKEN}\""), "The application's token.", required: true),
            ]), "Gotify."),
            Key("healthchecks", webhook, "A ping that healthchecks.io or its like expects."),
            Key("on", List("a list of events", Word(
                "start", "success", "partial", "failed", "cancelled", "missed", "verify_failed", "drill_failed", "restore", "health",
                "recovered")), "Which events; by default everything that is not well, and what is well again."),
            Key("jobs", List("a list of names of jobs", job), "Only what concerns these jobs; by default everything."),
            Key("allow", List("a list of addresses or networks", Network()),
                "Addresses that are not public and may be called: of this machine, of private networks, link-local."),
            Key("cooldown", Duration("60m"), "How long the same thing is not told again.", fallback: "60m"),
        ], new OneOfRule(true, "email", "webhook", "slack", "discord", "teams", "telegram", "ntfy", "gotify", "healthchecks"));
    }

    /// <summary>The names of its keys are those that the scripts which Larder replaces had.</summary>
    public static ObjectShape Monitor(bool isOfJob) => Object("a map of thresholds", "{ max_backup_age_hours: 26 }",
    [
        Key("max_backup_age_hours", Integer(1, 100_000, "26"),
            "How old the newest good backup may be; by default what the schedule implies, with two hours more, and 26 without one."),
        Key("min_backup_size_mb", Integer(0, 1_000_000_000, "1"), "The least that a backup must hold, in MB; by default anything."),
        Key("size_change_percent", Integer(1, 99, "50"),
            "How much smaller than the median of the last ten a backup may be; by default 50."),
        Key("missed_after_minutes", Integer(1, 100_000, "60"), "How late a scheduled backup may begin; by default 60."),
        Key("connect_timeout_seconds", Integer(1, 3600, "10"), "How long a database may take to answer; by default 10."),
        .. isOfJob ? Array.Empty<KeyShape>() :
        [
            Key("disk_usage_threshold", Integer(1, 100, "85"), "How full a repository's disk may be, in percent; by default 85."),
            Key("disk_full_days", Integer(1, 3650, "7"), "How many days ahead a disk that fills up is told of; by default 7."),
            Key("check_interval_minutes", Integer(1, 1440, "60"), "How often the daemon looks; by default 60."),
        ],
    ]);

    public static ObjectShape Logs() => Object("a map with folder, format, max_size_mb or keep", "{ format: json }",
    [
        Key("folder", Path("/var/log/larder"), "Where the log files are; by default logs in the state directory."),
        Key("format", Word("human", "json"), "How a line looks.", fallback: "human"),
        Key("max_size_mb", Integer(1, 10_000, "10"), "A file that is larger is put aside and a new one begun.", fallback: "10"),
        Key("keep", Integer(0, 1000, "5"), "How many that were put aside are kept.", fallback: "5"),
    ]);
}
