namespace Larder.Engine.Tests;

/// <summary>A clock that a test sets, on which short waits are over at once: locks settle without costing a fifth of a second each.
/// Longer timers never fire.</summary>
internal sealed class LeapingClock(DateTimeOffset start) : TimeProvider
{
    private static readonly TimeSpan LeapMax = TimeSpan.FromSeconds(2);

    public DateTimeOffset Now { get; set; } = start;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(
        callback,
        state,
        dueTime >= TimeSpan.Zero && dueTime <= LeapMax ? TimeSpan.Zero : Timeout.InfiniteTimeSpan,
        Timeout.InfiniteTimeSpan);
}
