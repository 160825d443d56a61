using System.Net;

namespace Larder.Engine.Configuration;

/// <summary>The part of <see cref="SettingsBinder"/> that makes what concerns alerts, the monitor and log files.</summary>
internal static class AlertBinder
{
    public static AlertSettings Alert(ObjectValue value) => new()
    {
        Channel = Channel(value),
        On = value.Texts("on"),
        Jobs = value.Texts("jobs"),
        Allow = [.. value.List("allow").OfType<ScalarValue>().Select(item => (IPNetwork)item.Value)],
        Cooldown = value.GetStruct<TimeSpan>("cooldown")!.Value,
    };

    private static AlertChannel Channel(ObjectValue value)
    {
        if (value.Object("email") is { } email)
        {
            return new EmailChannel
            {
                To = email.Texts("to"),
                From = email.Get<string>("from"),
                Server = email.Get<string>("server")!,
                Port = email.GetStruct<int>("port"),
                User = email.Get<string>("user"),
                Password = email.Get<Secret>("password"),
                Security = email.Get<string>("security")!,
                CaFile = email.Get<string>("ca_file"),
            };
        }

        if (value.Object("telegram") is { } telegram)
        {
            return new TelegramChannel(telegram.Get<Secret>("token")!, telegram.Get<string>("chat")!);
        }

        if (value.Object("ntfy") is { } ntfy)
        {
            return new NtfyChannel(ntfy.Get<string>("url")!, ntfy.Get<string>("topic")!, ntfy.Get<Secret>("token"));
        }

        if (value.Object("gotify") is { } gotify)
        {
            return new GotifyChannel(gotify.Get<string>("url")!, gotify.Get<Secret>("token")!);
        }

        var kind = new[] { "webhook", "slack", "discord", "teams", "healthchecks" }.First(name => value.Object(name) is not null);
        var webhook = value.Object(kind)!;
        return new WebhookChannel(kind, webhook.Get<Secret>("url")!, webhook.Get<Secret>("secret"));
    }

    public static MonitorSettings Monitor(ObjectValue? value) => value is null ? new MonitorSettings() : new MonitorSettings
    {
        BackupAgeMax = Scaled(value, "max_backup_age_hours", TimeSpan.TicksPerHour),
        BackupBytesMin = value.GetStruct<int>("min_backup_size_mb") * 1_000_000L,
        SizeChangePercent = value.GetStruct<int>("size_change_percent"),
        MissedAfter = Scaled(value, "missed_after_minutes", TimeSpan.TicksPerMinute),
        ConnectTimeout = Scaled(value, "connect_timeout_seconds", TimeSpan.TicksPerSecond),
        DiskUsagePercentMax = value.GetStruct<int>("disk_usage_threshold"),
        DiskFullWithin = Scaled(value, "disk_full_days", TimeSpan.TicksPerDay),
        CheckInterval = Scaled(value, "check_interval_minutes", TimeSpan.TicksPerMinute),
    };

    public static LogSettings Logs(ObjectValue? value, string stateDirectory) => new()
    {
        Folder = value?.Get<string>("folder") ?? Path.Combine(stateDirectory, "logs"),
        IsJson = value?.Get<string>("format") == "json",
        FileBytesMax = (value?.GetStruct<int>("max_size_mb") ?? 10) * 1_000_000L,
        Keep = value?.GetStruct<int>("keep") ?? 5,
    };

    private static TimeSpan? Scaled(ObjectValue value, string key, long ticks) =>
        value.GetStruct<int>(key) is { } number ? new TimeSpan(number * ticks) : null;
}
