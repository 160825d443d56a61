using System.Globalization;
using System.Numerics;

namespace Larder.Engine.Configuration;

/// <summary>
/// A schedule of five fields (minute, hour, day of month, month, day of week) as <c>crontab(5)</c> has it, or <c>@daily</c> and its like.
/// Each field is a set of bits: bit n stands for value n; in <see cref="DaysOfWeek"/> bit 0 is Sunday.
/// </summary>
public sealed record CronExpression
{
    private static readonly Dictionary<string, string> Nicknames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@yearly"] = "0 0 1 1 *", ["@annually"] = "0 0 1 1 *", ["@monthly"] = "0 0 1 * *", ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *", ["@midnight"] = "0 0 * * *", ["@hourly"] = "0 * * * *",
    };

    private static readonly Field[] Fields =
    [
        new("minute", 0, 59, []),
        new("hour", 0, 23, []),
        new("day of month", 1, 31, []),
        new("month", 1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        new("day of week", 0, 7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];

    private const ulong EveryMinute = (1UL << 60) - 1, EveryHour = (1UL << 24) - 1, EveryDayOfMonth = 0xFFFFFFFE, EveryMonth = 0x1FFE;
    private const ulong EveryDayOfWeek = 0x7F;

    private CronExpression()
    {
    }

    /// <summary>As it was written.</summary>
    public required string Text { get; init; }

    public required ulong Minutes { get; init; }

    public required ulong Hours { get; init; }

    public required ulong DaysOfMonth { get; init; }

    public required ulong Months { get; init; }

    public required ulong DaysOfWeek { get; init; }

    /// <summary>
    /// Whether a day must fit both day fields. As crontab(5) has it: where one of them begins with a star both must fit;
    /// where both are restricted, either is enough.
    /// </summary>
    public required bool DayMustFitBoth { get; init; }

    /// <summary>The values of one of the sets, ascending.</summary>
    public static IEnumerable<int> ValuesOf(ulong set)
    {
        for (var rest = set; rest != 0; rest &= rest - 1)
        {
            yield return BitOperations.TrailingZeroCount(rest);
        }
    }

    /// <summary>Whether a day of the month is named: not every day is one of them.</summary>
    public bool NamesDaysOfMonth => DaysOfMonth != EveryDayOfMonth;

    /// <summary>Whether a day of the week is named.</summary>
    public bool NamesDaysOfWeek => DaysOfWeek != EveryDayOfWeek;

    /// <summary>The fields in the words of others, who all know a star, and values with commas between.</summary>
    /// <param name="format">How a number is written, such as <c>00</c>.</param>
    public CronFields Write(string format = "0")
    {
        return new CronFields(
            Field(Minutes, EveryMinute), Field(Hours, EveryHour), Field(DaysOfMonth, EveryDayOfMonth), Field(Months, EveryMonth),
            Field(DaysOfWeek, EveryDayOfWeek));

        string Field(ulong set, ulong all) => set == all
            ? "*"
            : string.Join(',', ValuesOf(set).Select(value => value.ToString(format, CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads an expression; on failure <paramref name="complaint"/> says which field is wrong, as the end of a sentence.</summary>
    public static bool TryParse(string? text, out CronExpression? expression, out string complaint)
    {
        expression = null;
        complaint = "";
        var written = (text ?? "").Trim();
        if (written.StartsWith('@') && !Nicknames.ContainsKey(written))
        {
            complaint = "has no such nickname (@hourly, @daily, @weekly, @monthly and @yearly exist)";
            return false;
        }

        var parts = (Nicknames.GetValueOrDefault(written) ?? written).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != Fields.Length)
        {
            complaint = $"has {parts.Length} fields instead of five (minute, hour, day of month, month, day of week)";
            return false;
        }

        var sets = new ulong[Fields.Length];
        for (var i = 0; i < Fields.Length; i++)
        {
            if (!Fields[i].TryParse(parts[i], out sets[i]))
            {
                var field = Fields[i];
                complaint = $"has a {field.Name} that is not understood (numbers from {field.Minimum} to {field.Maximum})";
                return false;
            }
        }

        var sunday = sets[4] >> 7 & 1;
        var candidate = new CronExpression
        {
            Text = written,
            Minutes = sets[0],
            Hours = sets[1],
            DaysOfMonth = sets[2],
            Months = sets[3],
            DaysOfWeek = (sets[4] | sunday) & 0x7F,
            DayMustFitBoth = parts[2][0] is '*' or '?' || parts[4][0] is '*' or '?',
        };
        if (candidate.DayMustFitBoth && !candidate.SomeMonthHasTheDay())
        {
            complaint = "names a day that none of its months has";
            return false;
        }

        expression = candidate;
        return true;
    }

    public override string ToString() => Text;

    private bool SomeMonthHasTheDay()
    {
        for (var month = 1; month <= 12; month++)
        {
            var days = DateTime.DaysInMonth(2024, month); // A leap year: 29 February does come.
            if ((Months >> month & 1) == 1 && (DaysOfMonth & ((1UL << (days + 1)) - 1)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Field(string Name, int Minimum, int Maximum, string[] Names)
    {
        public bool TryParse(string text, out ulong set)
        {
            set = 0;
            foreach (var item in text.Split(','))
            {
                if (!TryParseItem(item, out var values))
                {
                    return false;
                }

                set |= values;
            }

            return set != 0;
        }

        private bool TryParseItem(string item, out ulong values)
        {
            values = 0;
            var slash = item.IndexOf('/', StringComparison.Ordinal);
            var range = slash < 0 ? item : item[..slash];
            var step = 1;
            if (slash >= 0 && (!TryParseNumber(item[(slash + 1)..], out step) || step < 1 || step > Maximum))
            {
                return false;
            }

            int first, last;
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            if (range is "*" or "?")
            {
                (first, last) = (Minimum, Names.Length == 7 ? 6 : Maximum);
            }
            else if (dash > 0)
            {
                if (!TryParseValue(range[..dash], out first) || !TryParseValue(range[(dash + 1)..], out last))
                {
                    return false;
                }
            }
            else
            {
                if (!TryParseValue(range, out first))
                {
                    return false;
                }

                last = slash < 0 ? first : Maximum;
            }

            if (last < first)
            {
                return false;
            }

            for (var value = first; value <= last; value += step)
            {
                values |= 1UL << value;
            }

            return true;
        }

        private bool TryParseValue(string text, out int value)
        {
            var named = Array.FindIndex(Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
            if (named >= 0)
            {
                value = named + Minimum;
                return true;
            }

            return TryParseNumber(text, out value) && value >= Minimum && value <= Maximum;
        }

        private static bool TryParseNumber(string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>The five fields of a schedule, each a star or values with commas between; of days of the week, 0 is Sunday.</summary>
public sealed record CronFields(string Minutes, string Hours, string DaysOfMonth, string Months, string DaysOfWeek);
