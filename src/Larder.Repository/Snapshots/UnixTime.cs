namespace Larder.Repository.Snapshots;

/// <summary>A moment as file systems keep it: seconds since 1970-01-01 UTC, and nanoseconds (0 to 999,999,999).</summary>
public readonly record struct UnixTime(long Seconds, int Nanoseconds)
{
    public static UnixTime From(DateTimeOffset moment)
    {
        var ticks = (moment.UtcDateTime - DateTime.UnixEpoch).Ticks;
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        return rest >= 0 ? new(seconds, (int)rest * 100) : new(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * 100);
    }

    /// <summary>The moment to 100 ns, in UTC; out of its range, the nearest it can hold.</summary>
    public DateTimeOffset ToDateTimeOffset() =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(Seconds, -62_135_596_800, 253_402_300_799)).AddTicks(Nanoseconds / 100);
}
