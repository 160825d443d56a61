using System.Globalization;
using System.Text;

namespace Larder.Engine.Retention;

/// <summary>A duration as the configuration has it: <c>7d</c>, <c>1d12h</c>, <c>30m</c>.</summary>
internal static class DurationText
{
    public static string Of(TimeSpan duration)
    {
        var text = new StringBuilder();
        Add((long)duration.TotalDays, 'd');
        Add(duration.Hours, 'h');
        Add(duration.Minutes, 'm');
        Add(duration.Seconds, 's');
        return text.Length > 0 ? text.ToString() : "0s";

        void Add(long number, char unit)
        {
            if (number != 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{number}{unit}");
            }
        }
    }
}
