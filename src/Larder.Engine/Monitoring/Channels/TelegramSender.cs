using System.Text.Json.Nodes;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>A message of a Telegram bot, as plain text: no letter of it is markup.</summary>
/// <param name="server">Where the API of bots is; another one in tests.</param>
internal sealed class TelegramSender(TelegramChannel channel, GuardedHttp http, string server) : IAlertSender
{
    public const string Server = "https://api.telegram.org";

    private const int TextMax = 4096;

    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["chat_id"] = channel.Chat,
            ["text"] = NoticeJson.Cut(NoticeText.Plain(notice), TextMax),
            ["disable_web_page_preview"] = true,
            ["disable_notification"] = notice.Level < AlertLevel.Warning,
        };
        var token = await channel.Token.RevealAsync(cancellationToken);
        await http.PostAsync(
            $"{server}/bot{Uri.EscapeDataString(token).Replace("%3A", ":", StringComparison.Ordinal)}/sendMessage",
            NoticeJson.Content(NoticeJson.Bytes(body)),
            [],
            cancellationToken);
    }
}
