using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;
using Larder.Engine.Verify;

namespace Larder.Engine.Tests.Monitoring;

public sealed class HealthChecksTests
{
    // A Monday at noon.
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(25, null, AlertLevel.Info)] // 26 hours without a schedule.
    [InlineData(27, null, AlertLevel.Warning)]
    [InlineData(53, null, AlertLevel.Error)]
    [InlineData(25, "0 2 * * *", AlertLevel.Info)] // Daily, and two hours of grace.
    [InlineData(27, "0 2 * * *", AlertLevel.Warning)]
    [InlineData(6 * 24, "0 3 * * 0", AlertLevel.Info)] // Weekly on Sunday: the one of a week ago was made late.
    [InlineData((8 * 24) + 10, "0 3 * * 0", AlertLevel.Warning)]
    [InlineData((2 * 24) + 18, "0 18 * * 1-5", AlertLevel.Info)] // Friday evening; nothing is due at the weekend.
    [InlineData((3 * 24) + 18, "0 18 * * 1-5", AlertLevel.Warning)] // Thursday evening.
    [InlineData(4, "0 * * * *", AlertLevel.Warning)]
    public void A_backup_is_fresh_as_long_as_its_schedule_says(int hours, string? cron, AlertLevel expected)
    {
        var job = Job([Backup(hours)], cron: cron);
        Assert.Equal(expected, Of(Facts(job), "freshness").Level);
    }

    [Fact]
    public void A_configured_age_goes_before_the_schedule()
    {
        var job = Job([Backup(30)], cron: "0 3 * * 0") with { Thresholds = new Thresholds { BackupAgeMax = TimeSpan.FromHours(26) } };
        Assert.Equal(AlertLevel.Warning, Of(Facts(job), "freshness").Level);
    }

    [Fact]
    public void No_good_backup_at_all_is_critical_also_where_there_are_partial_ones()
    {
        Assert.Equal(AlertLevel.Critical, Of(Facts(Job([])), "freshness").Level);
        Assert.Equal(AlertLevel.Critical, Of(Facts(Job([Backup(1) with { IsGood = false }])), "freshness").Level);
    }

    [Fact]
    public void What_was_due_and_did_not_begin_was_missed_whoever_should_have_begun_it()
    {
        // Due at 02:00, ten hours ago; the last run is of yesterday.
        var missed = Of(Facts(Job([Backup(34)], "0 2 * * *", Run(34, RunStatus.Success))), "missed");
        Assert.Equal((AlertLevel.Error, AlertEvent.Missed), (missed.Level, missed.Event));
        Assert.Contains("2026-01-05 02:00", missed.Title, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_failed_or_still_runs_was_not_missed_and_one_of_two_that_were_due_makes_up_for_the_other_if_it_holds_it()
    {
        Assert.Equal(AlertLevel.Info, Of(Facts(Job([Backup(34)], "0 2 * * *", Run(10, RunStatus.Failed), Run(34, RunStatus.Success))), "missed").Level);
        Assert.Equal(AlertLevel.Info, Of(Facts(Job([Backup(34)], "0 2 * * *", Run(8, RunStatus.InProgress), Run(34, RunStatus.Success))), "missed").Level);
        Assert.Equal(AlertLevel.Error, Of(Facts(Job([Backup(34)], "0 2 * * *", Run(10, RunStatus.Skipped), Run(34, RunStatus.Success))), "missed").Level);

        // Caught up later, by all of it; by a part of it, it is not.
        var caughtUp = Job([Backup(5), Backup(34)], "0 2 * * *", Run(5, RunStatus.Success), Run(34, RunStatus.Success));
        Assert.Equal(AlertLevel.Info, Of(Facts(caughtUp), "missed").Level);
        var part = Job([Backup(5) with { Sources = ["code"] }, Backup(34)], "0 2 * * *", Run(5, RunStatus.Success), Run(34, RunStatus.Success));
        Assert.Equal(AlertLevel.Error, Of(Facts(part), "missed").Level);
    }

    [Fact]
    public void A_job_that_was_just_configured_missed_nothing()
    {
        Assert.Equal(AlertLevel.Info, Of(Facts(Job([], "0 2 * * *")), "missed").Level);
        Assert.Equal(AlertLevel.Info, Of(Facts(Job([Backup(3)], "0 2 * * *", Run(3, RunStatus.Success))), "missed").Level);
    }

    [Fact]
    public void What_may_begin_later_by_its_jitter_was_not_missed_yet()
    {
        var job = Job([Backup(34)], "0 11 * * *", Run(34, RunStatus.Success), Run(25, RunStatus.Success));
        Assert.Equal(AlertLevel.Error, Of(Facts(job), "missed").Level);
        Assert.Equal(AlertLevel.Info, Of(Facts(job with { Job = job.Job with { Jitter = TimeSpan.FromHours(1) } }), "missed").Level);
    }

    [Fact]
    public void A_backup_without_rows_after_ones_that_had_some_is_an_error()
    {
        var job = Job([Backup(1) with { Rows = 0 }, Backup(25)]);
        Assert.Equal(AlertLevel.Error, Of(Facts(job), "size").Level);
        Assert.Equal(AlertLevel.Error, Of(Facts(Job([Backup(1) with { SizeBytes = 0 }])), "size").Level);
        Assert.Equal(AlertLevel.Info, Of(Facts(Job([Backup(1) with { Rows = 0 }, Backup(25) with { Rows = 0 }])), "size").Level);
    }

    [Theory]
    [InlineData(1_000_000, AlertLevel.Info)]
    [InlineData(510_000, AlertLevel.Info)]
    [InlineData(490_000, AlertLevel.Warning)]
    [InlineData(1_990_000, AlertLevel.Info)]
    [InlineData(2_020_000, AlertLevel.Warning)]
    public void A_size_far_from_the_median_of_the_last_ten_is_odd(long size, AlertLevel expected)
    {
        // Eleven before it, of which the oldest would pull the median away; and one of the code alone, which is not like it.
        var before = Enumerable.Range(1, 10).Select(day => Backup(1 + (24 * day)) with { SizeBytes = 1_000_000 + (day * 1000) });
        var job = Job(
        [
            Backup(1) with { SizeBytes = size }, Backup(2) with { SizeBytes = 10, Sources = ["code"] }, .. before,
            Backup(300) with { SizeBytes = 1 },
        ]);
        Assert.Equal(expected, Of(Facts(job), "size").Level);
    }

    [Fact]
    public void The_least_size_is_told()
    {
        var job = Job([Backup(1) with { SizeBytes = 999_999 }]) with { Thresholds = new Thresholds { BackupBytesMin = 1_000_000 } };
        Assert.Equal(AlertLevel.Warning, Of(Facts(job), "size").Level);
    }

    [Theory]
    [InlineData(84, AlertLevel.Info)]
    [InlineData(85, AlertLevel.Warning)]
    [InlineData(95, AlertLevel.Error)]
    [InlineData(100, AlertLevel.Critical)]
    public void A_disk_is_told_from_85_percent_on(int percent, AlertLevel expected)
    {
        var disk = new DiskSample(Now, percent * 1_000_000_000L, 100_000_000_000L);
        var facts = Facts(Job([Backup(1)])) with { Repositories = [new RepositoryFacts("local", null, null, 1, disk, [disk])] };
        Assert.Equal(expected, Of(facts, "disk").Level);
    }

    [Theory]
    [InlineData(1, AlertLevel.Info)] // 40 GB free, 1 GB a day.
    [InlineData(6, AlertLevel.Warning)]
    [InlineData(41, AlertLevel.Error)]
    public void A_disk_that_will_soon_be_full_is_told(int gigabytesPerDay, AlertLevel expected)
    {
        // The last sample is the present: 60 of 100 GB. Some noise, as backups and cleanups make it.
        var history = Enumerable.Range(0, 8).Select(day => new DiskSample(
            Now.AddDays(day - 7), (long)((60 - ((7 - day) * gigabytesPerDay) + (day % 2 * 0.01)) * 1e9), 100_000_000_000L)).ToList();
        var facts = Facts(Job([Backup(1)])) with { Repositories = [new RepositoryFacts("local", null, null, 1, history[^1], history)] };
        var found = Of(facts, "forecast");
        Assert.Equal(expected, found.Level);
        Assert.Equal(gigabytesPerDay, DiskForecast.Compute(history)!.BytesPerDay / 1e9, 0.05);
    }

    [Fact]
    public void A_disk_that_shrinks_stands_still_or_is_hardly_known_has_no_forecast()
    {
        Assert.Null(DiskForecast.Compute([]));
        Assert.Null(DiskForecast.Compute([.. Enumerable.Range(0, 5).Select(day => new DiskSample(Now.AddDays(day), 100 - day, 1000))]));
        Assert.Null(DiskForecast.Compute([.. Enumerable.Range(0, 5).Select(day => new DiskSample(Now.AddDays(day), 100, 1000))]));
        Assert.Null(DiskForecast.Compute([.. Enumerable.Range(0, 5).Select(minute => new DiskSample(Now.AddMinutes(minute), 100 + minute, 1000))]));
        Assert.Null(DiskForecast.Compute([.. Enumerable.Range(0, 5).Select(_ => new DiskSample(Now, 100, 1000))]));
    }

    [Fact]
    public void A_scheduler_that_died_or_fell_silent_is_told_and_one_that_is_not_needed_is_not()
    {
        var job = Job([Backup(1)], "0 2 * * *", Run(10, RunStatus.Success));
        Assert.Equal(AlertLevel.Info, Of(With(Beat(1), false, null), "service").Level);
        Assert.Equal(AlertLevel.Error, Of(With(Beat(1), true, null), "service").Level);
        Assert.Equal(AlertLevel.Error, Of(With(Beat(4), false, null), "service").Level);
        Assert.Equal(AlertLevel.Warning, Of(With(null, false, []), "service").Level);
        Assert.Equal(AlertLevel.Info, Of(With(null, false, ["larder-daily.timer"]), "service").Level);
        Assert.DoesNotContain(HealthChecks.Judge(With(null, false, null)).Checks, check => check.Check == "service");
        Assert.DoesNotContain(HealthChecks.Judge(Facts(Job([Backup(1)]))).Checks, check => check.Check == "service");

        MonitorFacts With(Heartbeat? beat, bool isDead, IReadOnlyList<string>? timers) =>
            Facts(job) with { Service = new ServiceFacts(beat, isDead, timers) };
        Heartbeat Beat(int minutesAgo) => new(Now.AddMinutes(-minutesAgo), TimeSpan.FromMinutes(1), ProcessIdentity.Current);
    }

    [Fact]
    public void Damage_alone_ends_with_5_and_anything_else_that_is_as_bad_with_1()
    {
        var damaged = Job([Backup(1)]) with { Verifications = [Record("failed")] };
        Assert.Equal(ExitStatus.Damage, HealthChecks.Judge(Facts(damaged)).ExitStatus);
        Assert.Equal(ExitStatus.Failed, HealthChecks.Judge(Facts(damaged, JobNamed("shop", []))).ExitStatus);
        Assert.Equal(ExitStatus.Done, HealthChecks.Judge(Facts(Job([Backup(27)]) with { Verifications = [Record("success")] })).ExitStatus);
    }

    [Fact]
    public void The_alert_of_a_run_and_the_check_of_it_are_the_same_thing()
    {
        var facts = Facts(Job([Backup(30)], null, Run(1, RunStatus.Failed), Run(30, RunStatus.Success)));
        var found = Of(facts, "backup");
        Assert.Equal(("backup:journal", AlertEvent.Failed, AlertLevel.Error), (found.Key, found.Event, found.Level));
        Assert.Equal(AlertLevel.Info, Of(Facts(Job([Backup(1)], null, Run(1, RunStatus.Success), Run(30, RunStatus.Failed))), "backup").Level);
    }

    [Fact]
    public void A_database_that_is_down_is_critical_and_a_folder_that_is_gone_an_error()
    {
        var job = Job([Backup(1)]) with
        {
            Probes =
            [
                new ProbeFacts("db", "postgresql", true, 1, "It does not answer.", "Start it."),
                new ProbeFacts("code", "files", false, 1, "It is gone.", "Mount it."),
            ],
        };
        Assert.Equal(
            [AlertLevel.Critical, AlertLevel.Error],
            HealthChecks.Judge(Facts(job)).Checks.Where(check => check.Check == "connection").Select(check => check.Level));
    }

    internal static MonitorFacts Facts(params JobFacts[] jobs) => new()
    {
        At = Now,
        Host = "host",
        LarderVersion = "0.1.0",
        Thresholds = new Thresholds(),
        Jobs = jobs,
        Repositories = [],
        Service = new ServiceFacts(null, false, null),
    };

    internal static JobFacts Job(IReadOnlyList<BackupFacts> backups, string? cron = null, params Run[] runs) => JobNamed("journal", backups, cron, runs);

    internal static JobFacts JobNamed(string name, IReadOnlyList<BackupFacts> backups, string? cron = null, params Run[] runs) => new()
    {
        Job = new JobSettings
        {
            Name = name,
            Sources = [new SqliteSourceSettings { Name = "db", Path = "/db" }],
            To = ["local"],
            TimeZone = TimeZoneInfo.Utc,
            Schedule = cron is null ? [] : [new ScheduleSettings { Cron = CronExpression.TryParse(cron, out var parsed, out _) ? parsed! : throw new ArgumentException(cron, nameof(cron)) }],
        },
        Thresholds = new Thresholds(),
        Backups = backups,
        Runs = runs,
    };

    internal static BackupFacts Backup(int hoursAgo) => new(
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(hoursAgo))),
        Now.AddHours(-hoursAgo), true, 1_000_000, 1000, 100, 12.5, ["db"]);

    internal static Run Run(int hoursAgo, RunStatus status) => new()
    {
        Id = $"{hoursAgo:x32}",
        Kind = RunKind.Backup,
        Job = "journal",
        Status = status,
        Trigger = "schedule",
        StartedAt = Now.AddHours(-hoursAgo),
        Process = ProcessIdentity.Current,
    };

    internal static VerificationRecord Record(string status) => new()
    {
        Job = "journal",
        Level = "data",
        Subset = "1/1",
        Scope = "all",
        Status = status,
        RunId = new string('a', 32),
        FinishedAt = Now.AddHours(-3),
        Repositories = ["local"],
        Errors = status == "success" ? 0 : 2,
    };

    private static Condition Of(MonitorFacts facts, string check) => HealthChecks.Judge(facts).Checks.First(each => each.Check == check);
}
