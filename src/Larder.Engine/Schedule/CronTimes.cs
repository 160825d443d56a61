using System.Numerics;
using Larder.Engine.Configuration;

namespace Larder.Engine.Schedule;

/// <summary>
/// When a schedule comes, in its time zone. Around a change of the clocks it goes by what a schedule means:
/// <para>One that names hours (<c>30 2 * * *</c>) means times of the day, and each of them comes once a day. A time that the clocks skip in
/// spring comes at the moment they skip to; one that they show twice in autumn comes the first time.</para>
/// <para>One that has every hour (<c>*/15 * * * *</c>) means intervals, and goes by the time that passes: it comes in both of the hours
/// that look alike, and a skipped hour has none.</para>
/// </summary>
public static class CronTimes
{
    // 29 February comes every four years, but not in 2100: eight years at most.
    private const int DaysMax = (8 * 366) + 1;
    private const ulong EveryHour = (1UL << 24) - 1;

    /// <summary>The first moment after another one; null where none comes within eight years.</summary>
    public static DateTimeOffset? Next(CronExpression cron, DateTimeOffset after, TimeZoneInfo zone)
    {
        // Where the clocks go back over midnight, the day before comes on: so the search begins there.
        var today = DayOf(after, zone);
        var nearest = MomentsAround(cron, today, zone).Where(moment => moment > after).Min(moment => (DateTimeOffset?)moment);
        return nearest ?? Enumerable.Range(2, DaysMax)
            .Select(days => Moments(cron, today.AddDays(days), zone).Min(moment => (DateTimeOffset?)moment))
            .FirstOrDefault(moment => moment is not null);
    }

    /// <summary>The last moment not after another one; null where none came within eight years.</summary>
    public static DateTimeOffset? Latest(CronExpression cron, DateTimeOffset until, TimeZoneInfo zone)
    {
        var today = DayOf(until, zone);
        var nearest = MomentsAround(cron, today, zone).Where(moment => moment <= until).Max(moment => (DateTimeOffset?)moment);
        return nearest ?? Enumerable.Range(2, DaysMax)
            .Select(days => Moments(cron, today.AddDays(-days), zone).Max(moment => (DateTimeOffset?)moment))
            .FirstOrDefault(moment => moment is not null);
    }

    private static DateTime DayOf(DateTimeOffset moment, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(moment, zone).Date;

    private static IEnumerable<DateTimeOffset> MomentsAround(CronExpression cron, DateTime day, TimeZoneInfo zone) =>
        Enumerable.Range(-1, 3).SelectMany(days => Moments(cron, day.AddDays(days), zone));

    /// <summary>The moments of one local day, not in order around a change of the clocks.</summary>
    private static IEnumerable<DateTimeOffset> Moments(CronExpression cron, DateTime day, TimeZoneInfo zone)
    {
        if (!IsDay(cron, day))
        {
            yield break;
        }
        var steady = SteadyOffset(day, zone);
        foreach (var hour in Values(cron.Hours))
        {
            foreach (var minute in Values(cron.Minutes))
            {
                var local = day.AddMinutes((hour * 60) + minute);
                if (steady is { } offset)
                {
                    yield return new DateTimeOffset(local, offset);
                    continue;
                }
                foreach (var moment in AroundChange(local, zone, isInterval: cron.Hours == EveryHour))
                {
                    yield return moment;
                }
            }
        }
    }

    /// <summary>The offset of a day on which the clocks are not changed; null where they are.</summary>
    private static TimeSpan? SteadyOffset(DateTime day, TimeZoneInfo zone)
    {
        var noon = zone.GetUtcOffset(day.AddHours(12));
        return zone.GetUtcOffset(day.AddHours(-12)) == noon && zone.GetUtcOffset(day.AddHours(36)) == noon ? noon : null;
    }

    private static IEnumerable<DateTimeOffset> AroundChange(DateTime local, TimeZoneInfo zone, bool isInterval)
    {
        if (zone.IsInvalidTime(local))
        {
            return isInterval ? [] : [EndOfGap(local, zone)];
        }
        if (zone.IsAmbiguousTime(local))
        {
            var both = zone.GetAmbiguousTimeOffsets(local).Select(offset => new DateTimeOffset(local, offset)).Order();
            return isInterval ? both : both.Take(1);
        }
        return [new DateTimeOffset(local, zone.GetUtcOffset(local))];
    }

    /// <summary>The moment at which the clocks skipped.</summary>
    private static DateTimeOffset EndOfGap(DateTime local, TimeZoneInfo zone)
    {
        var first = local;
        while (zone.IsInvalidTime(first.AddMinutes(-1)))
        {
            first = first.AddMinutes(-1);
        }
        return TimeZoneInfo.ConvertTime(new DateTimeOffset(first, zone.GetUtcOffset(first.AddMinutes(-1))), zone);
    }

    private static bool IsDay(CronExpression cron, DateTime day)
    {
        var ofMonth = (cron.DaysOfMonth >> day.Day & 1) == 1;
        var ofWeek = (cron.DaysOfWeek >> (int)day.DayOfWeek & 1) == 1;
        return (cron.Months >> day.Month & 1) == 1 && (cron.DayMustFitBoth ? ofMonth && ofWeek : ofMonth || ofWeek);
    }

    private static IEnumerable<int> Values(ulong set)
    {
        for (var rest = set; rest != 0; rest &= rest - 1)
        {
            yield return BitOperations.TrailingZeroCount(rest);
        }
    }
}
