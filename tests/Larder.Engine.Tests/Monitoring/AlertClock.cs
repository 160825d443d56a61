using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Tests.Monitoring;

/// <summary>
/// A clock that a test sets. Waits between attempts are over at once and counted, and move the clock; bounds of attempts never fire.
/// </summary>
internal sealed class AlertClock : TimeProvider
{
    private readonly Lock gate = new();

    public DateTimeOffset Now { get; set; } = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    public List<TimeSpan> Waited { get; } = [];

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return Now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isWait = dueTime >= TimeSpan.Zero && dueTime < Delivery.AttemptTimeout;
        if (isWait)
        {
            lock (gate)
            {
                Waited.Add(dueTime);
                Now += dueTime;
            }
        }
        return System.CreateTimer(callback, state, isWait ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
