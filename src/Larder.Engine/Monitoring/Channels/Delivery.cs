using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>Sends a notice and does not give up at once: a network that is away for some seconds loses no alert.</summary>
public static class Delivery
{
    /// <summary>How long is waited before each attempt after the first.</summary>
    public static readonly IReadOnlyList<TimeSpan> Waits = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)];

    // 4 attempts of 20 s and 21 s of waiting: after 101 s at most the others are told that this channel is broken.
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(20);

    /// <exception cref="DeliveryException">It was refused for good, or the last attempt failed too.</exception>
    public static async Task SendAsync(IAlertSender sender, Notice notice, TimeProvider clock, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await AttemptAsync(sender, notice, clock, cancellationToken);
                return;
            }
            catch (DeliveryException e) when (!e.IsPermanent && attempt < Waits.Count)
            {
                await Task.Delay(Waits[attempt], clock, cancellationToken);
            }
        }
    }

    private static async Task AttemptAsync(IAlertSender sender, Notice notice, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = clock.CreateTimer(_ => bounded.Cancel(), null, AttemptTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            await sender.SendAsync(notice, bounded.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DeliveryException($"There was no answer within {AttemptTimeout.TotalSeconds:0} seconds.");
        }
        catch (ConfigurationException e)
        {
            throw new DeliveryException(string.Join(' ', e.Problems.Select(problem => problem.Message)), isPermanent: true);
        }
    }
}
