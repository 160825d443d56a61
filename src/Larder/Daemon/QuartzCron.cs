using Larder.Engine.Configuration;

namespace Larder.Daemon;

/// <summary>
/// A schedule in the words of Quartz.NET's Unix format. Values are written out one by one, because Quartz takes a star, a range or a step
/// in minutes or hours for an interval, and goes by the time that passes; a schedule that names hours means times of the day.
/// </summary>
internal static class QuartzCron
{
    private const ulong EveryHour = (1UL << 24) - 1, EveryMonth = 0x1FFE, EveryWeekday = 0x7F, EveryDay = 0xFFFFFFFE;

    /// <summary>
    /// Quartz takes a day that fits either of the day fields. Where a day must fit both and both are restricted, the days of the month
    /// alone are given: that wakes too often and misses nothing.
    /// </summary>
    public static string Of(CronExpression cron)
    {
        var isRestrictedTwice = cron.DaysOfMonth != EveryDay && cron.DaysOfWeek != EveryWeekday;
        var (days, weekdays) = (Field(cron.DaysOfMonth, EveryDay), Field(cron.DaysOfWeek, EveryWeekday));
        if (cron.DayMustFitBoth)
        {
            weekdays = isRestrictedTwice ? "*" : weekdays;
        }
        else if (!isRestrictedTwice)
        {
            (days, weekdays) = ("*", "*"); // Either is enough, and one of them is always so.
        }
        return $"{Field(cron.Minutes, 0)} {Field(cron.Hours, EveryHour)} {days} {Field(cron.Months, EveryMonth)} {weekdays}";
    }

    private static string Field(ulong set, ulong all) => set == all ? "*" : string.Join(',', CronExpression.ValuesOf(set));
}
