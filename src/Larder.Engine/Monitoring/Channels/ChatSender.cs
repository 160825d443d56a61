using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>The incoming webhooks of Slack, Discord and Microsoft Teams: one request, three forms of its body.</summary>
internal sealed class ChatSender(WebhookChannel channel, GuardedHttp http) : IAlertSender
{
    // Discord takes 4096 characters in a description, Slack 3000 in a block; what is longer is in the run.
    private const int TextMax = 2900;

    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var body = channel.Kind switch
        {
            "slack" => Slack(notice),
            "discord" => Discord(notice),
            _ => Teams(notice),
        };
        await http.PostAsync(
            await channel.Url.RevealAsync(cancellationToken), NoticeJson.Content(NoticeJson.Bytes(body)), [], cancellationToken);
    }

    // Slack reads these three as markup: <!channel> would wake everybody.
    private static string ForSlack(string text) => NoticeJson.Cut(text, TextMax)
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal);

    private static JsonObject Slack(Notice notice) => new()
    {
        ["text"] = ForSlack(NoticeText.Subject(notice)),
        ["attachments"] = new JsonArray(new JsonObject
        {
            ["color"] = NoticeText.Color(notice),
            ["text"] = ForSlack(NoticeText.Brief(notice)),
            ["fields"] = Fields(notice, "title", "short", ForSlack),
        }),
    };

    private static JsonObject Discord(Notice notice) => new()
    {
        ["username"] = "Larder",
        ["allowed_mentions"] = new JsonObject { ["parse"] = new JsonArray() }, // A table called @everyone wakes nobody.
        ["embeds"] = new JsonArray(new JsonObject
        {
            ["title"] = NoticeJson.Cut(NoticeText.Subject(notice), 256),
            ["description"] = NoticeJson.Cut(NoticeText.Brief(notice), TextMax),
            ["color"] = int.Parse(NoticeText.Color(notice)[1..], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            ["timestamp"] = notice.At.ToUniversalTime().ToString("o", CultureInfo.InvariantCulture),
            ["fields"] = Fields(notice, "name", "inline", text => NoticeJson.Cut(text, 1000)),
        }),
    };

    private static JsonArray Fields(Notice notice, string name, string small, Func<string, string> form) => new(
    [
        .. NoticeText.Lines(notice).Take(20).Select(fact => (JsonNode)new JsonObject
        {
            [name] = form(fact.Name),
            ["value"] = form(fact.Value),
            [small] = true,
        }),
    ]);

    // An adaptive card, which both kinds of webhooks of Teams take.
    private static JsonObject Teams(Notice notice) => new()
    {
        ["type"] = "message",
        ["attachments"] = new JsonArray(new JsonObject
        {
            ["contentType"] = "application/vnd.microsoft.card.adaptive",
            ["content"] = new JsonObject
            {
                ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
                ["type"] = "AdaptiveCard",
                ["version"] = "1.4",
                ["body"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "TextBlock",
                        ["text"] = NoticeText.Subject(notice),
                        ["weight"] = "bolder",
                        ["wrap"] = true,
                        ["color"] = notice.Level switch
                        {
                            AlertLevel.Info => "good",
                            AlertLevel.Warning => "warning",
                            _ => "attention",
                        },
                    },
                    new JsonObject
                    {
                        ["type"] = "TextBlock",
                        ["text"] = NoticeJson.Cut(NoticeText.Brief(notice), TextMax),
                        ["wrap"] = true,
                    },
                    new JsonObject
                    {
                        ["type"] = "FactSet",
                        ["facts"] = new JsonArray(
                        [
                            .. NoticeText.Lines(notice).Select(
                                fact => (JsonNode)new JsonObject { ["title"] = fact.Name, ["value"] = fact.Value }),
                        ]),
                    }),
            },
        }),
    };
}
