using System.Globalization;
using Larder.Engine.Configuration;
using Larder.Engine.Schedule;

namespace Larder.Engine.Tests.Schedule;

public sealed class CronTimesTests
{
    [Theory]
    [InlineData("0 3 * * *", "2026-01-05T03:00:00+01:00", "2026-01-06T03:00:00+01:00")]
    [InlineData("*/15 * * * *", "2026-01-05T03:01:30+01:00", "2026-01-05T03:15:00+01:00")]
    [InlineData("0 0 29 2 *", "2026-01-05T00:00:00+01:00", "2028-02-29T00:00:00+01:00")]
    [InlineData("0 12 * * sun", "2026-01-05T00:00:00+01:00", "2026-01-11T12:00:00+01:00")]
    [InlineData("0 12 13 * fri", "2026-01-05T00:00:00+01:00", "2026-01-09T12:00:00+01:00")]
    [InlineData("30 2 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00")] // 02:30 does not exist that day.
    [InlineData("30 2 * * *", "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00")] // It comes twice; the first counts.
    [InlineData("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00")]
    [InlineData("*/15 * * * *", "2026-03-29T01:45:00+01:00", "2026-03-29T03:00:00+02:00")] // By the time that passes.
    [InlineData("*/15 * * * *", "2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00")]
    [InlineData("*/15 2 * * *", "2026-10-25T02:45:00+02:00", "2026-10-26T02:00:00+01:00")]
    public void The_next_time_of_a_schedule_is_known_in_its_zone(string cron, string after, string next)
    {
        Assert.True(CronExpression.TryParse(cron, out var expression, out _));
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.Equal(
            DateTimeOffset.Parse(next, CultureInfo.InvariantCulture),
            CronTimes.Next(expression!, DateTimeOffset.Parse(after, CultureInfo.InvariantCulture), zone));
    }
}
