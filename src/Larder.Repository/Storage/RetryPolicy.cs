namespace Larder.Repository.Storage;

/// <summary>How often and how long a call is repeated that failed in passing.</summary>
public sealed record RetryPolicy
{
    /// <summary>How often a call is made at most, the first time included.</summary>
    public int AttemptsMax { get; init; } = 9; // 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30 s: a minute and a half at most, beside the attempts.

    /// <summary>The wait after the first failure; each later one is twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>No wait is longer than this, jitter included.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>No wait is begun that would end later than this after the first failure.</summary>
    public TimeSpan TotalMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The wait before the attempt that follows <paramref name="failures"/> failures: between half and all of the doubled delay.
    /// </summary>
    /// <param name="jitter">From 0 up to 1; spreads out clients that failed together.</param>
    public TimeSpan Delay(int failures, double jitter)
    {
        var doublings = Math.Min(failures - 1, 30);
        var full = Math.Min(FirstDelay.TotalMilliseconds * (1L << doublings), DelayMax.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.5 + (jitter / 2)));
    }
}
