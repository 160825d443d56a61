using System.Globalization;

namespace Larder.Engine;

/// <summary>An age or a time ahead for people, in the unit that they would use.</summary>
internal static class SpanText
{
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
