using Larder.Engine.Configuration;

namespace Larder.Engine.SelfTests;

/// <summary>When a schedule comes.</summary>
internal static class CronTimes
{
    // 29 February comes every four years, but not in 2100: eight years at most.
    private const int DaysMax = (8 * 366) + 1;

    /// <summary>
    /// The first moment after another one. A time that the clock skips in spring comes when the clock has gone on; one that it has twice
    /// in autumn comes at the first.
    /// </summary>
    public static DateTimeOffset? Next(CronExpression cron, DateTimeOffset after, TimeZoneInfo zone)
    {
        var first = TimeZoneInfo.ConvertTime(after, zone).DateTime.Date;
        for (var day = first; day < first.AddDays(DaysMax); day = day.AddDays(1))
        {
            if (!IsDay(cron, day))
            {
                continue;
            }
            for (var minute = 0; minute < 24 * 60; minute++)
            {
                if ((cron.Hours >> (minute / 60) & 1) == 1 && (cron.Minutes >> (minute % 60) & 1) == 1
                    && Moment(day.AddMinutes(minute), zone) is var moment && moment > after)
                {
                    return moment;
                }
            }
        }
        return null;
    }

    private static bool IsDay(CronExpression cron, DateTime day)
    {
        var ofMonth = (cron.DaysOfMonth >> day.Day & 1) == 1;
        var ofWeek = (cron.DaysOfWeek >> (int)day.DayOfWeek & 1) == 1;
        return (cron.Months >> day.Month & 1) == 1 && (cron.DayMustFitBoth ? ofMonth && ofWeek : ofMonth || ofWeek);
    }

    private static DateTimeOffset Moment(DateTime local, TimeZoneInfo zone)
    {
        if (zone.IsInvalidTime(local))
        {
            return new DateTimeOffset(local, zone.GetUtcOffset(local.AddHours(-3))); // The offset before the leap puts it behind.
        }
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset);
    }
}
