using Larder.Engine.Configuration;

namespace Larder.Systemd;

/// <summary>A schedule in the words of systemd.time(7).</summary>
internal static class CalendarText
{
    private static readonly string[] Weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    /// <summary>
    /// One or two lines: systemd wants a day to fit weekday and date, so a schedule whose day must fit either of them needs two.
    /// </summary>
    /// <param name="cron">The schedule.</param>
    /// <param name="zone">Named where it is not the machine's own.</param>
    public static IReadOnlyList<string> Of(CronExpression cron, TimeZoneInfo zone)
    {
        var fields = cron.Write("00");
        var weekdays = cron.NamesDaysOfWeek
            ? string.Join(',', CronExpression.ValuesOf(cron.DaysOfWeek).Select(day => Weekdays[day])) + " "
            : "";
        var times = $"{fields.Hours}:{fields.Minutes}:00{In(zone)}";
        return (cron.DayMustFitBoth, cron.NamesDaysOfWeek && cron.NamesDaysOfMonth) switch
        {
            (true, _) => [$"{weekdays}*-{fields.Months}-{fields.DaysOfMonth} {times}"],
            (false, true) =>
            [
                $"*-{fields.Months}-{fields.DaysOfMonth} {times}",
                $"{weekdays}*-{fields.Months}-* {times}",
            ],
            _ => [$"*-{fields.Months}-* {times}"], // Either is enough, and one of them is always so.
        };
    }

    private static string In(TimeZoneInfo zone) => zone.Id == TimeZoneInfo.Local.Id ? "" : $" {zone.Id}";
}
