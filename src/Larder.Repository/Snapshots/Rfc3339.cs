namespace Larder.Repository.Snapshots;

/// <summary>
/// Times as Go writes them (<c>time.RFC3339Nano</c>): up to nine digits of a second without trailing zeros, and any offset from UTC. The
/// years
/// 0 to 9999 can be written; file systems keep more, so others are moved into them as restic does, by their year.
/// </summary>
internal static class Rfc3339
{
    /// <summary>As in <c>2006-01-02T15:04:05.999999999+01:00</c>.</summary>
    public const int BytesMax = 35;

    private const int SecondsPerDay = 86_400;

    /// <summary>Writes the time in UTC, with a <c>Z</c>, or with the offset given.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int Format(UnixTime time, Span<byte> destination, int offsetMinutes = 0)
    {
        var (day, second) = Split(Math.Clamp(time.Seconds, long.MinValue / 2, long.MaxValue / 2) + (offsetMinutes * 60L));
        var (year, month, dayOfMonth) = Civil(day);
        if (year is < 0 or > 9999)
        {
            // 29 February becomes 1 March in 9999; the year 0 has that day.
            year = Math.Clamp(year, 0, 9999);
            (year, month, dayOfMonth) = Civil(DayNumber(year, month, dayOfMonth));
        }
        Digits(destination, (int)year, 4);
        destination[4] = (byte)'-';
        Digits(destination[5..], month, 2);
        destination[7] = (byte)'-';
        Digits(destination[8..], dayOfMonth, 2);
        destination[10] = (byte)'T';
        Digits(destination[11..], second / 3600, 2);
        destination[13] = (byte)':';
        Digits(destination[14..], second / 60 % 60, 2);
        destination[16] = (byte)':';
        Digits(destination[17..], second % 60, 2);
        var length = 19;
        if (time.Nanoseconds != 0)
        {
            destination[19] = (byte)'.';
            Digits(destination[20..], time.Nanoseconds, 9);
            length = 20 + destination[20..29].TrimEnd((byte)'0').Length;
        }
        if (offsetMinutes == 0)
        {
            destination[length] = (byte)'Z';
            return length + 1;
        }
        destination[length] = (byte)(offsetMinutes < 0 ? '-' : '+');
        Digits(destination[(length + 1)..], Math.Abs(offsetMinutes) / 60, 2);
        destination[length + 3] = (byte)':';
        Digits(destination[(length + 4)..], Math.Abs(offsetMinutes) % 60, 2);
        return length + 6;
    }

    /// <summary>Reads a time with any number of digits of a second, of which nine count, and any offset.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out UnixTime time, out int offsetMinutes)
    {
        time = default;
        offsetMinutes = 0;
        if (text.Length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryDigits(text[..4], 9999, out var year) || !TryDigits(text.Slice(5, 2), 12, out var month)
            || !TryDigits(text.Slice(8, 2), 31, out var day) || !TryDigits(text.Slice(11, 2), 23, out var hour)
            || !TryDigits(text.Slice(14, 2), 59, out var minute) || !TryDigits(text.Slice(17, 2), 59, out var second)
            || month == 0 || day == 0)
        {
            return false;
        }
        var dayNumber = DayNumber(year, month, day);
        if (Civil(dayNumber) != (year, month, day))
        {
            return false;
        }
        text = text[19..];
        if (!TryTakeFraction(ref text, out var nanoseconds) || !TryOffset(text, out offsetMinutes))
        {
            return false;
        }
        time = new UnixTime((dayNumber * SecondsPerDay) + (hour * 3600) + (minute * 60) + second - (offsetMinutes * 60L), nanoseconds);
        return true;
    }

    /// <summary>
    /// The moment with its offset; an offset that .NET cannot hold becomes UTC, a moment that it cannot hold the nearest one.
    /// </summary>
    public static DateTimeOffset ToDateTimeOffset(UnixTime time, int offsetMinutes)
    {
        var moment = time.ToDateTimeOffset();
        var offset = TimeSpan.FromMinutes(offsetMinutes);
        var local = moment.Ticks + offset.Ticks;
        return offset.Duration() > TimeSpan.FromHours(14) || local < 0 || local > DateTime.MaxValue.Ticks
            ? moment
            : moment.ToOffset(offset);
    }

    // Days to dates and back in the Gregorian calendar without a table: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    // DateTime would do for the years 1 to 9999 only.
    private static (long Year, int Month, int Day) Civil(long dayNumber)
    {
        var shifted = dayNumber + 719_468;
        var era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        var dayOfEra = (int)(shifted - (era * 146_097));
        var yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var shiftedMonth = ((5 * dayOfYear) + 2) / 153;
        var month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, dayOfYear - (((153 * shiftedMonth) + 2) / 5) + 1);
    }

    private static long DayNumber(long year, int month, int day)
    {
        year -= month <= 2 ? 1 : 0;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
    }

    private static (long Day, int Second) Split(long seconds)
    {
        var day = seconds / SecondsPerDay;
        var second = (int)(seconds % SecondsPerDay);
        return second >= 0 ? (day, second) : (day - 1, second + SecondsPerDay);
    }

    private static void Digits(Span<byte> destination, int number, int digits)
    {
        for (var i = digits - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, int max, out int number)
    {
        number = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }
            number = (number * 10) + digit - '0';
        }
        return number <= max;
    }

    private static bool TryTakeFraction(ref ReadOnlySpan<byte> text, out int nanoseconds)
    {
        nanoseconds = 0;
        if (text[0] != '.')
        {
            return true;
        }
        text = text[1..];
        var digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits <= 0)
        {
            return false;
        }
        for (var i = 0; i < 9; i++)
        {
            nanoseconds = (nanoseconds * 10) + (i < digits ? text[i] - '0' : 0);
        }
        text = text[digits..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int offsetMinutes)
    {
        offsetMinutes = 0;
        if (text is [(byte)'Z'])
        {
            return true;
        }
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !TryDigits(text[1..3], 24, out var hours) || !TryDigits(text[4..], 59, out var minutes))
        {
            return false;
        }
        offsetMinutes = ((hours * 60) + minutes) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
