using Larder.Engine.Configuration;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Monitoring;

/// <summary>One configured alert with what sends it.</summary>
/// <param name="Name">The kind, and from the second of a kind on its number: <c>email</c>, <c>email-2</c>. Names it in the catalog.</param>
/// <param name="Settings">Who is told what.</param>
/// <param name="Sender">What sends it.</param>
public sealed record AlertRoute(string Name, AlertSettings Settings, IAlertSender Sender)
{
    /// <summary>In the order of the configuration.</summary>
    public static IReadOnlyList<AlertRoute> AllOf(IReadOnlyList<AlertSettings> alerts, Func<AlertSettings, IAlertSender> senderOf) =>
        [.. NamesOf(alerts).Zip(alerts, (name, alert) => new AlertRoute(name, alert, senderOf(alert)))];

    public static IReadOnlyList<string> NamesOf(IReadOnlyList<AlertSettings> alerts)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var alert in alerts)
        {
            var kind = KindOf(alert.Channel);
            var number = counts[kind] = counts.GetValueOrDefault(kind) + 1;
            names.Add(number == 1 ? kind : $"{kind}-{number}");
        }
        return names;
    }

    public static string KindOf(AlertChannel channel) => channel switch
    {
        EmailChannel => "email",
        WebhookChannel webhook => webhook.Kind,
        TelegramChannel => "telegram",
        NtfyChannel => "ntfy",
        GotifyChannel => "gotify",
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel.GetType().Name, "No such channel is known."),
    };
}
