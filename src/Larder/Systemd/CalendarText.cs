using Larder.Engine.Configuration;

namespace Larder.Systemd;

/// <summary>A schedule in the words of systemd.time(7).</summary>
internal static class CalendarText
{
    private const ulong EveryMinute = (1UL << 60) - 1, EveryHour = (1UL << 24) - 1, EveryDay = 0xFFFFFFFE, EveryMonth = 0x1FFE;
    private const ulong EveryWeekday = 0x7F;

    private static readonly string[] Weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    /// <summary>
    /// One or two lines: systemd wants a day to fit weekday and date, so a schedule whose day must fit either of them needs two.
    /// </summary>
    /// <param name="cron">The schedule.</param>
    /// <param name="zone">Named where it is not the machine's own.</param>
    public static IReadOnlyList<string> Of(CronExpression cron, TimeZoneInfo zone)
    {
        var weekdays = cron.DaysOfWeek == EveryWeekday
            ? ""
            : string.Join(',', CronExpression.ValuesOf(cron.DaysOfWeek).Select(day => Weekdays[day])) + " ";
        var (months, days) = (Field(cron.Months, EveryMonth), Field(cron.DaysOfMonth, EveryDay));
        var times = $"{Field(cron.Hours, EveryHour)}:{Field(cron.Minutes, EveryMinute)}:00{In(zone)}";
        var isRestrictedTwice = weekdays.Length > 0 && days != "*";
        return (cron.DayMustFitBoth, isRestrictedTwice) switch
        {
            (true, _) => [$"{weekdays}*-{months}-{days} {times}"],
            (false, true) => [$"*-{months}-{days} {times}", $"{weekdays}*-{months}-* {times}"],
            _ => [$"*-{months}-* {times}"], // Either is enough, and one of them is always so.
        };
    }

    private static string In(TimeZoneInfo zone) => zone.Id == TimeZoneInfo.Local.Id ? "" : $" {zone.Id}";

    private static string Field(ulong set, ulong all) =>
        set == all ? "*" : string.Join(',', CronExpression.ValuesOf(set).Select(value => $"{value:00}"));
}
