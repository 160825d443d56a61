using Larder.Engine.Configuration;

namespace Larder.Tests.Daemon;

/// <summary>When a schedule comes, found by looking at a clock on the wall every minute: slow, and too simple to be wrong.</summary>
internal static class WallClock
{
    public static IEnumerable<DateTimeOffset> Occurrences(CronExpression cron, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset to)
    {
        var isInterval = cron.Hours == (1UL << 24) - 1;
        var now = new DateTimeOffset(from.UtcTicks - (from.UtcTicks % TimeSpan.TicksPerMinute), TimeSpan.Zero);
        var before = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        for (now += TimeSpan.FromMinutes(1); now <= to; now += TimeSpan.FromMinutes(1))
        {
            var shown = TimeZoneInfo.ConvertTime(now, zone);
            var isAgain = zone.IsAmbiguousTime(shown.DateTime) && shown.Offset == zone.GetAmbiguousTimeOffsets(shown.DateTime).Min();
            var isDue = Fits(cron, shown.DateTime) && (isInterval || !isAgain);
            for (var skipped = before.AddMinutes(1); !isInterval && skipped < shown.DateTime; skipped = skipped.AddMinutes(1))
            {
                isDue |= Fits(cron, skipped);
            }
            before = shown.DateTime;
            if (isDue && now > from)
            {
                yield return now;
            }
        }
    }

    private static bool Fits(CronExpression cron, DateTime shown)
    {
        var day = (cron.DaysOfMonth >> shown.Day & 1) == 1;
        var weekday = (cron.DaysOfWeek >> (int)shown.DayOfWeek & 1) == 1;
        return (cron.Minutes >> shown.Minute & 1) == 1 && (cron.Hours >> shown.Hour & 1) == 1 && (cron.Months >> shown.Month & 1) == 1
            && (cron.DayMustFitBoth ? day && weekday : day || weekday);
    }
}
