using System.Globalization;
using System.Text;

namespace Larder.Engine.Monitoring;

/// <summary>The report for people.</summary>
public static class HealthText
{
    /// <summary>One line: the level, and what is not well.</summary>
    public static string Brief(HealthReport report)
    {
        var wrong = report.Checks.Where(check => check.IsWrong).OrderByDescending(check => check.Level).ToList();
        return wrong.Count == 0
            ? string.Create(CultureInfo.InvariantCulture, $"OK: all {report.Checks.Count} checks are well.")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Word(report.Level)}: {wrong.Count} of {report.Checks.Count} checks are not well: ")
                + string.Join("; ", wrong.Select(check => check.Title)) + ".";
    }

    /// <param name="paint">Gives a level its colour.</param>
    public static string Full(HealthReport report, Func<AlertLevel, string, string> paint)
    {
        var text = new StringBuilder();
        foreach (var check in report.Checks)
        {
            var word = check.Level == AlertLevel.Info ? "OK" : Word(check.Level);
            text.Append(paint(check.Level, word)).Append(' ', 10 - word.Length);
            text.Append(CultureInfo.InvariantCulture, $"{check.Check} {check.Subject}: {check.Message}\n");
            if (check.Hint is { } hint)
            {
                text.Append(' ', 10).Append(hint).Append('\n');
            }
        }
        return text.Append('\n').Append(Brief(report)).Append('\n').ToString();
    }

    private static string Word(AlertLevel level) => level.ToString().ToUpperInvariant();
}
