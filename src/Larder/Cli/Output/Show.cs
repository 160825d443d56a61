using System.Globalization;
using Larder.Engine;
using Larder.Engine.Configuration;

namespace Larder.Cli.Output;

/// <summary>Moments, sizes and counts as people read them.</summary>
internal static class Show
{
    /// <summary>By the clocks of a zone, to the second.</summary>
    public static string Moment(DateTimeOffset moment, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(moment, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Bytes(long? bytes) => bytes is { } known ? ByteSize.Format(known) : "-";

    public static string Seconds(double seconds) => seconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s")
        : DurationText.Format(TimeSpan.FromSeconds(Math.Round(seconds)));

    public static string Count(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many ?? one + "s")}");

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
