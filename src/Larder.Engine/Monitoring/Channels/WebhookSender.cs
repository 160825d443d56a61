using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>A POST of JSON to an address of the user's own, signed where he gave a secret.</summary>
internal sealed class WebhookSender(WebhookChannel channel, GuardedHttp http, TimeProvider clock) : IAlertSender
{
    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var body = NoticeJson.Bytes(NoticeJson.Of(notice));
        var headers = new List<(string, string)>
        {
            ("X-Larder-Event", EnumWord.Of(notice.Event)),
            ("X-Larder-Delivery", notice.Id),
        };
        if (channel.SigningSecret is { } secret)
        {
            // Signed at each attempt anew: a receiver refuses what is too old.
            headers.Add((WebhookSignature.Header, WebhookSignature.Make(
                await secret.RevealAsync(cancellationToken), clock.GetUtcNow(), body)));
        }
        await http.PostAsync(await channel.Url.RevealAsync(cancellationToken), NoticeJson.Content(body), headers, cancellationToken);
    }
}
