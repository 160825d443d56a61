using Larder.Daemon;
using Larder.Engine.Schedule;
using Larder.Testing;

namespace Larder.Tests.Daemon;

/// <summary>What the plan, Quartz and a clock on the wall say of the same schedules, in weeks in which the clocks are changed.</summary>
public sealed class CronAgreementTests
{
    private static readonly TimeSpan Fortnight = TimeSpan.FromDays(14);

    [Fact]
    public void The_plan_agrees_with_a_clock_on_the_wall() => SeededRandom.Run(random =>
    {
        for (var round = 0; round < 150; round++)
        {
            var (zone, from) = RandomSchedules.Fortnight(random);
            var text = RandomSchedules.Cron(random);
            var cron = RandomSchedules.Parse(text);
            var expected = WallClock.Occurrences(cron, zone, from, from + Fortnight).ToList();

            var found = new List<DateTimeOffset>();
            for (var next = CronTimes.Next(cron, from, zone); next <= from + Fortnight; next = CronTimes.Next(cron, next.Value, zone))
            {
                found.Add(next.Value);
                Assert.Equal(next, CronTimes.Latest(cron, next.Value + TimeSpan.FromSeconds(random.Next(60)), zone));
            }

            Assert.True(expected.SequenceEqual(found), $"{text} in {zone.Id} from {from:u}: {Difference(expected, found)}");
        }
    });

    [Fact]
    public void Quartz_wakes_at_every_time_of_a_schedule() => SeededRandom.Run(random =>
    {
        for (var round = 0; round < 150; round++)
        {
            var (zone, from) = RandomSchedules.Fortnight(random);
            var text = RandomSchedules.Cron(random);
            var cron = RandomSchedules.Parse(text);
            var quartz = Quartz.CronExpression.Parse(QuartzCron.Of(cron), Quartz.CronFormat.Unix).WithTimeZone(zone);

            var wakes = new List<DateTimeOffset>();
            for (var next = quartz.GetNextValidTimeAfter(from); next <= from + Fortnight; next = quartz.GetNextValidTimeAfter(next.Value))
            {
                wakes.Add(next.Value);
            }

            var expected = WallClock.Occurrences(cron, zone, from, from + Fortnight).ToList();
            Assert.True(expected.SequenceEqual(wakes), $"{text} in {zone.Id} from {from:u}: {Difference(expected, wakes)}");
        }
    });

    [Theory]
    [InlineData("0 2 * * *", "0 2 * * *")]
    [InlineData("@hourly", "0 * * * *")]
    [InlineData("*/20 2 * * *", "0,20,40 2 * * *")]
    [InlineData("0 2 1 * mon", "0 2 1 * 1")] // Either, as Quartz has it.
    [InlineData("0 2 */2 * mon", "0 2 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * *")] // Both: wakes too often.
    [InlineData("0 2 1-31 * mon", "0 2 * * *")] // Either, and one of them is every day.
    public void A_schedule_is_written_in_the_words_of_Quartz(string text, string written) =>
        Assert.Equal(written, QuartzCron.Of(RandomSchedules.Parse(text)));

    private static string Difference(IReadOnlyList<DateTimeOffset> expected, IReadOnlyList<DateTimeOffset> found) =>
        $"missing {string.Join(", ", expected.Except(found).Take(3).Select(each => each.ToString("u")))}; "
        + $"too many {string.Join(", ", found.Except(expected).Take(3).Select(each => each.ToString("u")))}";
}
