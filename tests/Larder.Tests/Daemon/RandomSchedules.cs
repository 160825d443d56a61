using Larder.Engine.Configuration;

namespace Larder.Tests.Daemon;

/// <summary>Schedules drawn at random, and the weeks in which the clocks are changed.</summary>
internal static class RandomSchedules
{
    private static readonly (string Zone, string Change)[] Changes =
    [
        ("Europe/Berlin", "2026-03-29T01:00Z"), ("Europe/Berlin", "2026-10-25T01:00Z"),
        ("America/New_York", "2026-03-08T07:00Z"), ("America/New_York", "2026-11-01T06:00Z"),
        ("America/Havana", "2026-03-08T05:00Z"), ("America/Havana", "2026-11-01T05:00Z"), // At midnight.
        ("Australia/Lord_Howe", "2026-04-04T15:00Z"), ("Australia/Lord_Howe", "2026-10-03T15:30Z"), // By half an hour.
    ];

    /// <summary>A zone, and two weeks in which its clocks are changed once.</summary>
    public static (TimeZoneInfo Zone, DateTimeOffset From) Fortnight(Random random)
    {
        var (zone, change) = Changes[random.Next(Changes.Length)];
        var from = DateTimeOffset.Parse(change) - TimeSpan.FromMinutes(random.Next(60, 13 * 24 * 60));
        return (TimeZoneInfo.FindSystemTimeZoneById(zone), from);
    }

    /// <summary>One that comes at most every quarter of an hour, most of them at night, when clocks are changed.</summary>
    public static string Cron(Random random)
    {
        var minute = random.Next(4) switch
        {
            0 => "*/15",
            1 => $"{random.Next(10, 30)},{random.Next(45, 50)}",
            _ => $"{random.Next(60)}",
        };
        var hour = random.Next(6) switch
        {
            0 => "*",
            1 => "*/6",
            2 => "1-3",
            3 => $"{random.Next(24)}",
            _ => $"{random.Next(4)}",
        };
        var (day, weekday) = random.Next(5) switch
        {
            0 => ("*", $"{random.Next(7)}"),
            1 => ($"{random.Next(1, 29)}", "*"),
            2 => ($"{random.Next(1, 29)}", $"{random.Next(7)}"), // Either.
            _ => ("*", "*"),
        };
        return $"{minute} {hour} {day} * {weekday}";
    }

    public static CronExpression Parse(string text) =>
        CronExpression.TryParse(text, out var cron, out var complaint) ? cron! : throw new ArgumentException(complaint, nameof(text));
}
