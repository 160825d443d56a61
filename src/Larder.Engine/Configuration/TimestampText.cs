using System.Globalization;

namespace Larder.Engine.Configuration;

/// <summary>A backup's timestamp as a name: <c>20240708_143022</c>, in the job's time zone.</summary>
public static class TimestampText
{
    private const string Pattern = "yyyyMMdd_HHmmss";

    /// <summary>
    /// The moment that the clocks of <paramref name="zone"/> showed. An hour that the clocks show twice means its first pass;
    /// an hour that they skip does not exist and gives false.
    /// </summary>
    public static bool TryParse(string? text, TimeZoneInfo zone, out DateTimeOffset moment)
    {
        ArgumentNullException.ThrowIfNull(zone);
        moment = default;
        if (!DateTime.TryParseExact(text, Pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            || zone.IsInvalidTime(local))
        {
            return false;
        }

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        if (local.Ticks - offset.Ticks < DateTime.MinValue.Ticks || local.Ticks - offset.Ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        moment = new DateTimeOffset(local, offset);
        return true;
    }

    public static string Format(DateTimeOffset moment, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(moment, zone).ToString(Pattern, CultureInfo.InvariantCulture);
}
