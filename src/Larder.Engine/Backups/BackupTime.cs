using System.Globalization;

namespace Larder.Engine.Backups;

/// <summary>The timestamp by which people name a backup: <c>20240708_143022</c>, in the job's time zone.</summary>
public static class BackupTime
{
    private const string Form = "yyyyMMdd_HHmmss";

    public static string Timestamp(DateTimeOffset moment, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(moment, zone).ToString(Form, CultureInfo.InvariantCulture);

    public static bool IsTimestamp(string text) =>
        DateTime.TryParseExact(text, Form, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
