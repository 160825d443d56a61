using System.Globalization;
using System.Text;
using Larder.Sources.Files;

namespace Larder.Engine.Monitoring;

/// <summary>A report of health as a file.</summary>
public static class HealthReportFile
{
    /// <summary>Fails with <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>; then what was there stays.</summary>
    /// <param name="path">A file; or a folder, in which it is called <c>health_report_YYYYMMDD_HHMMSS.json</c>.</param>
    /// <param name="report">What is written.</param>
    /// <param name="clock">For the local time in the name.</param>
    /// <returns>The file that was written.</returns>
    public static string Write(string path, HealthReport report, TimeProvider clock)
    {
        var full = Path.GetFullPath(path);
        var moment = TimeZoneInfo.ConvertTime(report.CheckedAt, clock.LocalTimeZone);
        var name = string.Create(CultureInfo.InvariantCulture, $"health_report_{moment:yyyyMMdd_HHmmss}.json");
        var target = Directory.Exists(full) || Path.EndsInDirectorySeparator(path) ? Path.Combine(full, name) : full;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        DurableFile.Replace(target, Encoding.UTF8.GetBytes(report.ToJson() + "\n"));
        return target;
    }
}
