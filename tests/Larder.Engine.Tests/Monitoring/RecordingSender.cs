using System.Collections.Concurrent;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Tests.Monitoring;

/// <summary>A channel that ends in a list, and fails when it is told to.</summary>
internal sealed class RecordingSender : IAlertSender
{
    public ConcurrentQueue<Notice> Taken { get; } = [];

    public Func<bool> Fails { get; set; } = () => false;

    public Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        if (Fails())
        {
            throw new DeliveryException("It is down.");
        }
        Taken.Enqueue(notice);
        return Task.CompletedTask;
    }

    public AlertRoute Route(string name, TimeSpan? cooldown = null, params string[] on) => new(
        name,
        new AlertSettings
        {
            Channel = new WebhookChannel("webhook", Secret.FromText("alerts[0].webhook.url", "https://example.com")),
            Cooldown = cooldown ?? TimeSpan.FromMinutes(60),
            On = on,
        },
        this);
}
