using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>Makes what sends an alert, and owns the connections that are kept open for it.</summary>
public sealed class AlertSenders(string host, TimeProvider clock, Action<string> warn) : IDisposable
{
    private readonly List<GuardedHttp> opened = [];

    /// <summary>Where Telegram's API of bots is.</summary>
    public string TelegramServer { get; init; } = TelegramSender.Server;

    public IAlertSender Of(AlertSettings alert)
    {
        if (alert.Channel is EmailChannel email)
        {
            return new EmailSender(email, host, clock, warn);
        }
        var http = new GuardedHttp(alert.Allow);
        opened.Add(http);
        return alert.Channel switch
        {
            WebhookChannel { Kind: "webhook" } webhook => new WebhookSender(webhook, http, clock),
            WebhookChannel { Kind: "healthchecks" } webhook => new HealthchecksSender(webhook, http),
            WebhookChannel webhook => new ChatSender(webhook, http),
            TelegramChannel telegram => new TelegramSender(telegram, http, TelegramServer),
            NtfyChannel ntfy => new NtfySender(ntfy, http),
            GotifyChannel gotify => new GotifySender(gotify, http),
            _ => throw new ArgumentOutOfRangeException(nameof(alert), alert.Channel.GetType().Name, "No such channel is known."),
        };
    }

    public void Dispose() => opened.ForEach(http => http.Dispose());
}
