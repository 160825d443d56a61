using System.Globalization;
using System.Text;

namespace Larder.Engine;

/// <summary>Durations as people write them: <c>7d</c>, <c>36h</c>, <c>1h30m</c>. Units from large to small, each at most once.</summary>
public static class DurationText
{
    private static readonly (string Suffix, long Ticks)[] Units =
    [
        ("w", 7 * TimeSpan.TicksPerDay),
        ("d", TimeSpan.TicksPerDay),
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    /// <summary>Reads a duration of zero or more. False for anything else, and for a number without its unit.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = (text ?? "").AsSpan().Trim();
        if (rest.IsEmpty)
        {
            return false;
        }

        Int128 ticks = 0;
        var nextUnit = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || !long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];

            var letters = rest.IndexOfAnyExceptInRange('a', 'z');
            var suffix = letters < 0 ? rest : rest[..letters];
            var unit = nextUnit;
            while (unit < Units.Length && !suffix.SequenceEqual(Units[unit].Suffix))
            {
                unit++;
            }

            if (unit == Units.Length)
            {
                return false;
            }

            ticks += (Int128)number * Units[unit].Ticks;
            nextUnit = unit + 1;
            rest = rest[suffix.Length..].TrimStart();
        }

        if (ticks > TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        duration = new TimeSpan((long)ticks);
        return true;
    }

    /// <summary>
    /// What <see cref="TryParse"/> reads back as the same duration, exact to the millisecond: <c>1h30m</c>, <c>7d</c>, <c>0s</c>.
    /// </summary>
    public static string Format(TimeSpan duration)
    {
        var ticks = Math.Max(0, duration.Ticks);
        var text = new StringBuilder();
        // Weeks are understood but not written: 14d says more than 2w where days are counted.
        foreach (var (suffix, unit) in Units.AsSpan(1))
        {
            if (ticks >= unit)
            {
                text.Append(ticks / unit).Append(suffix);
            }

            ticks %= unit;
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }
}
