using System.Globalization;

namespace Larder.Engine.Monitoring;

/// <summary>Sizes for people.</summary>
internal static class ByteText
{
    public static string Of(double bytes) => bytes switch
    {
        >= 1L << 40 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 40):0.0} TiB"),
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 20):0.0} MiB"),
        >= 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 10):0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes:0} bytes"),
    };

    /// <summary>An age or a time ahead, in the unit that people would use.</summary>
    public static string Of(TimeSpan span) => span switch
    {
        { TotalMinutes: < 2 } => Number(span.TotalSeconds, "second"),
        { TotalHours: < 2 } => Number(span.TotalMinutes, "minute"),
        { TotalHours: < 48 } => Number(span.TotalHours, "hour"),
        _ => Number(span.TotalDays, "day"),
    };

    private static string Number(double value, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(value):0} {unit}{(Math.Floor(value) is 1 ? "" : "s")}");
}
