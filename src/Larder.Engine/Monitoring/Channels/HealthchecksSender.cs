using System.Text;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>
/// A dead man's switch: it is told of every start and good end, and raises the alarm by itself where it hears nothing, also when this
/// machine is gone. What is neither is written into its log.
/// </summary>
internal sealed class HealthchecksSender(WebhookChannel channel, GuardedHttp http) : IAlertSender
{
    private const int BodyCharactersMax = 9_000; // It keeps 10 kB.

    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var url = (await channel.Url.RevealAsync(cancellationToken)).TrimEnd('/');
        var ending = notice.Event switch
        {
            AlertEvent.Start => "/start",
            AlertEvent.Success => "",
            AlertEvent.Failed or AlertEvent.Partial or AlertEvent.VerifyFailed or AlertEvent.DrillFailed or AlertEvent.Missed => "/fail",
            _ => "/log",
        };

        // The id joins start and end, so that runs side by side are measured apart.
        var run = Guid.TryParseExact(notice.RunId, "N", out var id) ? $"?rid={id:D}" : "";
        using var content = new StringContent(NoticeJson.Cut(NoticeText.Plain(notice), BodyCharactersMax), Encoding.UTF8, "text/plain");
        await http.PostAsync($"{url}{ending}{run}", content, [], cancellationToken);
    }
}
