namespace Larder.Engine.Monitoring.Channels;

/// <summary>Takes a notice to people, in one attempt. May be used by several threads at once.</summary>
public interface IAlertSender
{
    /// <summary>
    /// Completes when the other side has taken the notice. Fails with <see cref="DeliveryException"/>, whose message holds no secret: no
    /// address of a webhook, no token, no password.
    /// </summary>
    Task SendAsync(Notice notice, CancellationToken cancellationToken);
}
