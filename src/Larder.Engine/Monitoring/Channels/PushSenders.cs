using System.Text.Json.Nodes;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>ntfy, by its JSON: titles of headers could not hold every letter.</summary>
internal sealed class NtfySender(NtfyChannel channel, GuardedHttp http) : IAlertSender
{
    private const int TextMax = 3900; // ntfy makes a file of what is longer than 4096 bytes.

    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["topic"] = channel.Topic,
            ["title"] = NoticeText.Head(notice),
            ["message"] = NoticeJson.Cut(NoticeText.Brief(notice), TextMax),
            ["priority"] = notice.Level switch
            {
                AlertLevel.Critical => 5,
                AlertLevel.Error => 4,
                _ => 3,
            },
            ["tags"] = new JsonArray(notice.Event == AlertEvent.Recovered ? "white_check_mark" : notice.Level switch
            {
                AlertLevel.Info => "information_source",
                AlertLevel.Warning => "warning",
                _ => "rotating_light",
            }),
        };
        List<(string, string)> headers = channel.Token is { } token
            ? [("Authorization", $"Bearer {await token.RevealAsync(cancellationToken)}")]
            : [];
        await http.PostAsync(channel.Url, NoticeJson.Content(NoticeJson.Bytes(body)), headers, cancellationToken);
    }
}

/// <summary>Gotify.</summary>
internal sealed class GotifySender(GotifyChannel channel, GuardedHttp http) : IAlertSender
{
    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["title"] = NoticeText.Head(notice),
            ["message"] = NoticeText.Brief(notice),
            ["priority"] = notice.Level switch
            {
                AlertLevel.Critical => 10,
                AlertLevel.Error => 8,
                AlertLevel.Warning => 5,
                _ => 2,
            },
        };
        await http.PostAsync(
            $"{channel.Url.TrimEnd('/')}/message",
            NoticeJson.Content(NoticeJson.Bytes(body)),
            [("X-Gotify-Key", await channel.Token.RevealAsync(cancellationToken))],
            cancellationToken);
    }
}
