namespace Larder.Testing;

/// <summary>
/// A clock that stands still until <see cref="Advance"/>. Timers (and with them Task.Delay) fire in order, on the thread that advances.
/// With <see cref="AdvancesByItself"/> the clock jumps to each timer as soon as somebody waits for it: waits take no time and are counted.
/// </summary>
public sealed class TestClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset now;
    private TaskCompletionSource timerAdded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TestClock()
        : this(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public TestClock(DateTimeOffset start) => now = start;

    /// <summary>Whether the clock jumps to a timer as soon as one is set.</summary>
    public bool AdvancesByItself { get; init; }

    /// <summary>What local time means; UTC unless said otherwise.</summary>
    public override TimeZoneInfo LocalTimeZone => Zone;

    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set.</summary>
    public int TimerCount
    {
        get
        {
            lock (gate)
            {
                return timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the clock and fires what falls due on the way, each at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var until = GetUtcNow() + by;
        while (NextDue(until) is { } due)
        {
            due.Fire();
        }
    }

    /// <summary>Completes as soon as at least so many timers are set: the moment when everybody waits and the clock may move on.</summary>
    public async Task WaitForTimersAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task added;
            lock (gate)
            {
                if (timers.Count >= count)
                {
                    return;
                }
                added = timerAdded.Task;
            }
            await added.WaitAsync(cancellationToken);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Takes the earliest timer that is due, moving the clock to it; when there is none, moves the clock to the end.</summary>
    private Timer? NextDue(DateTimeOffset until)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.DueAt <= until).MinBy(timer => timer.DueAt);
            var to = next?.DueAt ?? until;
            now = to > now ? to : now;
            if (next is not null)
            {
                timers.Remove(next);
                if (next.Period > TimeSpan.Zero)
                {
                    next.DueAt += next.Period;
                    timers.Add(next);
                }
            }
            return next;
        }
    }

    private void Set(Timer timer, TimeSpan dueTime, TimeSpan period)
    {
        TaskCompletionSource added;
        lock (gate)
        {
            timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return;
            }
            timer.DueAt = now + dueTime;
            timer.Period = period;
            timers.Add(timer);
            added = timerAdded;
            timerAdded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        added.TrySetResult();
        if (AdvancesByItself)
        {
            // Not on this thread: Task.Delay is still at work on the timer that it is given here.
            ThreadPool.QueueUserWorkItem(_ => JumpTo(timer));
        }
        else if (dueTime == TimeSpan.Zero)
        {
            ThreadPool.QueueUserWorkItem(_ => Advance(TimeSpan.Zero));
        }
    }

    private void JumpTo(Timer timer)
    {
        TimeSpan by;
        lock (gate)
        {
            if (!timers.Contains(timer))
            {
                return;
            }
            by = timer.DueAt - now;
        }
        Advance(by > TimeSpan.Zero ? by : TimeSpan.Zero);
    }

    private void Remove(Timer timer)
    {
        lock (gate)
        {
            timers.Remove(timer);
        }
    }

    private sealed class Timer(TestClock clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset DueAt { get; set; }

        public TimeSpan Period { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Set(this, dueTime, period);
            return true;
        }

        public void Dispose() => clock.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
