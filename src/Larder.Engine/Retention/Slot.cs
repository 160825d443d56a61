using System.Globalization;

namespace Larder.Engine.Retention;

/// <summary>A rule that keeps the newest backup of each of so many periods; `last` has a period for every backup.</summary>
/// <param name="Word">As in the configuration and in reasons.</param>
/// <param name="Count">How many periods.</param>
/// <param name="Period">The name of the period that a backup falls into, by the job's local time; null where each is its own.</param>
/// <param name="Category">The category that it gives, if any.</param>
internal sealed record Slot(string Word, int Count, Func<DateTimeOffset, string>? Period, BackupCategory? Category = null)
{
    /// <summary>The rules of a policy that count, finest first.</summary>
    public static IReadOnlyList<Slot> Of(KeepPolicy policy)
    {
        var slots = new List<Slot>();
        Add("last", policy.Last, null, null);

        // The offset is part of the hour: when clocks go back, 02:00 to 03:00 happens twice and these are two hours.
        Add("hourly", policy.Hourly, local => local.ToString("yyyy-MM-dd HH'h' zzz", CultureInfo.InvariantCulture), null);
        Add("daily", policy.Daily, local => local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), BackupCategory.Daily);
        Add("weekly", policy.Weekly, IsoWeek, BackupCategory.Weekly);
        Add("monthly", policy.Monthly, local => local.ToString("yyyy-MM", CultureInfo.InvariantCulture), BackupCategory.Monthly);
        Add("yearly", policy.Yearly, local => local.ToString("yyyy", CultureInfo.InvariantCulture), BackupCategory.Yearly);
        return slots;

        void Add(string word, int? count, Func<DateTimeOffset, string>? period, BackupCategory? category)
        {
            if (count is { } number)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(number, word);
                slots.Add(new Slot(word, number, period, category));
            }
        }
    }

    // The days around New Year belong to the week that has their Thursday: 2024-12-30 is in 2025-W01.
    private static string IsoWeek(DateTimeOffset local) =>
        $"{ISOWeek.GetYear(local.DateTime):D4}-W{ISOWeek.GetWeekOfYear(local.DateTime):D2}";
}
