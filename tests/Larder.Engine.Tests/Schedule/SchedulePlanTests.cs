using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Schedule;

namespace Larder.Engine.Tests.Schedule;

public sealed class SchedulePlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_was_seen_to_is_not_due_again()
    {
        var plan = Plan("0 2 * * *", seenTo: At("2026-01-15T02:00Z"));
        Assert.Empty(plan.Due);
        Assert.Equal(At("2026-01-16T02:00Z"), Assert.Single(plan.Next).Due);
    }

    [Fact]
    public void However_often_it_was_missed_one_run_catches_up_and_says_so()
    {
        var due = Assert.Single(Plan("0 2 * * *", seenTo: At("2026-01-12T02:00Z")).Due);
        Assert.Equal((At("2026-01-15T02:00Z"), 2, true), (due.Due, due.Missed, due.IsCatchUp));
        Assert.Equal(
            "The schedule \"0 2 * * *\" was due at 2026-01-15 02:00 +00:00 and 2 times before, which was missed; one run catches up.", due.Why);
    }

    [Fact]
    public void A_schedule_of_every_minute_that_was_missed_for_a_year_is_counted_no_further_than_a_hundred()
    {
        Assert.Equal(100, Assert.Single(Plan("* * * * *", seenTo: At("2025-01-15T02:00Z")).Due).Missed);
    }

    [Fact]
    public void What_is_due_this_minute_is_punctual()
    {
        var due = Assert.Single(Plan("0 12 * * *", seenTo: At("2026-01-14T12:00Z")).Due);
        Assert.False(due.IsCatchUp);
        Assert.Equal("The schedule \"0 12 * * *\" was due at 2026-01-15 12:00 +00:00.", due.Why);
    }

    [Fact]
    public void Where_nothing_of_a_job_is_known_it_counts_from_the_jobs_last_run()
    {
        var recurrence = Recurrence("0 2 * * *");
        Assert.Single(SchedulePlan.Compute([recurrence], Nothing, _ => At("2026-01-14T20:00Z"), Now).Due);
        Assert.Empty(SchedulePlan.Compute([recurrence], Nothing, _ => At("2026-01-15T03:00Z"), Now).Due);
        Assert.Empty(SchedulePlan.Compute([recurrence], Nothing, _ => null, Now).Due);
    }

    [Fact]
    public void A_schedule_that_is_added_to_a_job_counts_from_now()
    {
        var (old, added) = (Recurrence("0 2 * * *"), Recurrence("0 3 * * *"));
        var seenTo = new Dictionary<string, DateTimeOffset> { [old.Key] = At("2026-01-15T02:00Z") };
        var plan = SchedulePlan.Compute([old, added], seenTo, _ => At("2026-01-01T00:00Z"), Now);
        Assert.Empty(plan.Due);
        Assert.Equal([(added, Now)], plan.New);
    }

    [Theory]
    [InlineData("2031-01-01T00:00Z", 1)] // The clock was wrong for years.
    [InlineData("2026-01-15T12:00:20Z", 0)] // It is set back by seconds all the time.
    public void What_a_wrong_clock_saw_to_does_not_count(string seenTo, int corrected) =>
        Assert.Equal(corrected, Plan("0 2 * * *", At(seenTo)).New.Count);

    [Fact]
    public void Jitter_is_the_same_for_the_same_moment_and_never_more_than_was_said()
    {
        var recurrence = Recurrence("0 2 * * *") with { Jitter = TimeSpan.FromMinutes(10) };
        var delays = Enumerable.Range(0, 100).Select(day => Now.AddDays(day)).Select(due => recurrence.StartOf(due) - due).ToList();
        Assert.Equal(delays, Enumerable.Range(0, 100).Select(day => Now.AddDays(day)).Select(due => recurrence.StartOf(due) - due));
        Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.Zero, recurrence.Jitter));
        Assert.True(delays.Max() - delays.Min() > TimeSpan.FromMinutes(5));
    }

    [Theory]
    [InlineData("schedule: \"0 2 * * *\"", "backup")]
    [InlineData("schedule: \"0 2 * * *\", keep: { daily: 7 }", "backup+cleanup")] // Rules, and nobody says when.
    [InlineData("schedule: [{ cron: \"0 2 * * *\" }, { cron: \"0 4 1 * *\", cleanup: true }], keep: { daily: 7 }", "backup,backup+cleanup")]
    [InlineData("schedule: { cron: \"0 2 * * *\", cleanup: false }, keep: { daily: 7 }", "backup")]
    [InlineData("schedule: \"0 2 * * *\", cleanup: \"30 2 * * *\", keep: { daily: 7 }", "backup,cleanup")]
    [InlineData("verify: { cron: \"0 4 * * 6\" }, drill: { cron: \"0 5 * * 0\" }", "verify,drill")]
    public void A_job_says_what_comes_again(string keys, string expected)
    {
        var yaml = $$"""
            repositories: { local: { path: /r, password: x } }
            jobs: { j: { sources: { f: { files: { paths: [/srv] } } }, {{keys}} } }
            """;
        var environment = new ConfigurationEnvironment { Variables = new Dictionary<string, string>(), WorkingDirectory = "/" };
        var all = Engine.Schedule.Recurrence.AllOf(ConfigurationLoader.LoadText(yaml, "/larder.yaml", environment).Require());
        Assert.Equal(expected, string.Join(',', all.Select(one => one.Kind.ToString().ToLowerInvariant() + (one.ThenCleanup ? "+cleanup" : ""))));
    }

    private static IReadOnlyDictionary<string, DateTimeOffset> Nothing => new Dictionary<string, DateTimeOffset>();

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text);

    private static SchedulePlan Plan(string cron, DateTimeOffset seenTo)
    {
        var recurrence = Recurrence(cron);
        return SchedulePlan.Compute([recurrence], new Dictionary<string, DateTimeOffset> { [recurrence.Key] = seenTo }, _ => null, Now);
    }

    private static Recurrence Recurrence(string cron) => new()
    {
        Job = "journal",
        Kind = RunKind.Backup,
        Cron = CronExpression.TryParse(cron, out var parsed, out var complaint) ? parsed! : throw new ArgumentException(complaint, nameof(cron)),
        Zone = TimeZoneInfo.Utc,
    };
}
