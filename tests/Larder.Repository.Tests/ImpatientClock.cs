namespace Larder.Repository.Tests;

/// <summary>The system's clock, except that short waits are over at once and long ones never: locks settle without waiting, and are not refreshed.</summary>
internal sealed class ImpatientClock : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    public static ImpatientClock Instance { get; } = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        dueTime <= Short && period == Timeout.InfiniteTimeSpan
            ? base.CreateTimer(callback, state, TimeSpan.Zero, period)
            : base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
