using Larder.Engine.Configuration;

namespace Larder.Daemon;

/// <summary>
/// A schedule in the words of Quartz.NET's Unix format. Values are written out one by one, because Quartz takes a star, a range or a step
/// in minutes or hours for an interval, and goes by the time that passes; a schedule that names hours means times of the day.
/// </summary>
internal static class QuartzCron
{
    /// <summary>
    /// Quartz takes a day that fits either of the day fields. Where a day must fit both and both are restricted, the days of the month
    /// alone are given: that wakes too often and misses nothing.
    /// </summary>
    public static string Of(CronExpression cron)
    {
        var fields = cron.Write();
        var minutes = string.Join(',', CronExpression.ValuesOf(cron.Minutes));
        var isRestrictedTwice = cron.NamesDaysOfMonth && cron.NamesDaysOfWeek;
        var (days, weekdays) = (fields.DaysOfMonth, fields.DaysOfWeek);
        if (cron.DayMustFitBoth)
        {
            weekdays = isRestrictedTwice ? "*" : weekdays;
        }
        else if (!isRestrictedTwice)
        {
            (days, weekdays) = ("*", "*"); // Either is enough, and one of them is always so.
        }
        return $"{minutes} {fields.Hours} {days} {fields.Months} {weekdays}";
    }
}
