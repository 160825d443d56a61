using Larder.Engine.Configuration;
using Larder.Systemd;
using Larder.Testing;
using Larder.Tests.Daemon;

namespace Larder.Tests.Systemd;

/// <summary>systemd itself reads what is written; none need run for that.</summary>
public sealed class UnitTests
{
    private const string Example =
        """
        repositories:
          local: { path: /var/lib/larder/repository, password_file: KEY }
          offsite: { path: /mnt/usb stick/50% full, password: x }
        state_directory: /var/lib/larder
        jobs:
          journal:
            time_zone: Europe/Berlin
            sources:
              db: { postgresql: { url: "postgresql://x@localhost/x" } }
              lite: { sqlite: { path: /srv/app/app.db } }
              code: { files: { paths: [/srv/journal] } }
            schedule: [{ cron: "0 2 * * *", only: [db] }, { cron: "0 3 * * 0" }, { cron: "0 4 1 * mon", cleanup: true }]
            cleanup: "30 2 * * *"
            jitter: 10m
            verify: { cron: "0 4 * * 6", level: data, subset: 1/7 }
            DRILL
        """;

    [Theory]
    [InlineData("0 2 * * *", "*-*-* 02:00:00")]
    [InlineData("*/30 1-2 * * *", "*-*-* 01,02:00,30:00")]
    [InlineData("@hourly", "*-*-* *:00:00")]
    [InlineData("0 3 * * 0", "Sun *-*-* 03:00:00")]
    [InlineData("0 3 * jan-mar mon-fri", "Mon,Tue,Wed,Thu,Fri *-01,02,03-* 03:00:00")]
    [InlineData("0 4 1,15 * fri", "*-*-01,15 04:00:00|Fri *-*-* 04:00:00")] // Either.
    [InlineData("0 4 */16 * fri", "Fri *-*-01,17 04:00:00")] // Both.
    public async Task A_schedule_is_written_in_the_words_of_systemd(string cron, string expected)
    {
        var lines = CalendarText.Of(RandomSchedules.Parse(cron), TimeZoneInfo.Local);
        Assert.Equal(expected.Split('|'), lines);
        Assert.EndsWith(" America/Havana", CalendarText.Of(RandomSchedules.Parse(cron), Havana)[0], StringComparison.Ordinal);
        foreach (var line in lines)
        {
            (await ChildProcess.RunAsync(new ChildCommand("systemd-analyze", "calendar", line))).Expect();
        }
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(false, "drill: { cron: \"0 5 * * 0\" }")]
    [InlineData(true, "drill: { cron: \"0 5 * * 0\" }")]
    public async Task Systemd_finds_nothing_wrong_with_the_units_and_no_exposure_above_two_and_a_half(bool isDaemon, string drill)
    {
        await using var folder = new TemporaryFolder();
        await WriteAsync(folder, isDaemon, drill);
        var units = Directory.GetFiles(folder["etc/systemd/system"]);
        Assert.Equal(isDaemon ? 1 : drill.Length == 0 ? 10 : 12, units.Length);

        var verified = (await ChildProcess.RunAsync(new ChildCommand("systemd-analyze", ["verify", "--man=no", .. units]))).Expect();
        Assert.Equal("", verified.Output + verified.Error);
        foreach (var service in units.Where(unit => unit.EndsWith(".service", StringComparison.Ordinal)))
        {
            (await ChildProcess.RunAsync(new ChildCommand("systemd-analyze", "security", "--offline=true", "--threshold=25", service))).Expect();
        }
    }

    [Fact]
    public async Task No_service_may_change_accounts_or_signal_others_and_each_may_do_what_dotnet_cannot_start_without()
    {
        await using var folder = new TemporaryFolder();
        foreach (var isDaemon in new[] { false, true })
        {
            foreach (var unit in Plan(folder, isDaemon, "drill: { cron: \"0 5 * * 0\" }").Files.Where(unit => unit.Name.EndsWith(".service", StringComparison.Ordinal)))
            {
                Assert.DoesNotContain("CAP_SET", unit.Content, StringComparison.Ordinal);
                Assert.DoesNotContain("CAP_KILL", unit.Content, StringComparison.Ordinal);
                Assert.DoesNotContain("@setuid", unit.Content, StringComparison.Ordinal);
                Assert.Contains("SystemCallFilter=sched_setaffinity", unit.Content, StringComparison.Ordinal);
                Assert.Contains("ExecStartPre=+mkdir -p -m 0700 -- /var/lib/larder\n", unit.Content, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_service_tells_systemd_how_it_is_and_is_given_the_time_that_it_needs()
    {
        await using var folder = new TemporaryFolder();
        var lines = Plan(folder, isDaemon: true, "").Files.Single().Content.Split('\n');
        string[] expected =
        [
            "Type=notify", "WatchdogSec=180s", "WatchdogSignal=SIGKILL", "Restart=on-failure", "ExecReload=kill -HUP $MAINPID",
            "TimeoutStartSec=infinity", "TimeoutStopSec=90s", "KillMode=mixed", "LimitCORE=0",
        ];
        Assert.Empty(expected.Except(lines));
    }

    [Fact]
    public async Task Installing_again_changes_nothing_and_uninstalling_leaves_what_is_not_ours()
    {
        await using var folder = new TemporaryFolder();
        await WriteAsync(folder, isDaemon: false, "");
        var own = folder["etc/systemd/system/larder-mine.service"];
        await File.WriteAllTextAsync(own, "[Service]\nExecStart=/bin/true\n", TestContext.Current.CancellationToken);
        var place = new UnitFolder(folder.FullPath, TimeProvider.System);

        var (written, removed) = await place.InstallAsync(Plan(folder, false, ""), TestContext.Current.CancellationToken);
        Assert.Empty(written);
        Assert.Empty(removed);

        (written, removed) = await place.InstallAsync(Plan(folder, isDaemon: true, ""), TestContext.Current.CancellationToken);
        Assert.Equal(["larder.service"], written);
        Assert.Equal(10, removed.Count);
        Assert.Equal(["larder.service"], await place.UninstallAsync(TestContext.Current.CancellationToken));
        Assert.Equal([own], Directory.GetFiles(folder["etc/systemd/system"]));
    }

    [Fact]
    public async Task A_timer_runs_no_schedule_that_is_not_due_with_it()
    {
        await using var folder = new TemporaryFolder();
        const string Daily = """
            { cron: "*/15 * * * *", only: [db] }, { cron: "0 2 * * *", only: [code] }, { cron: "0 14 * * *", only: [code] }, { cron: "0 20 * * *" }
            """;
        var yaml = Example.Replace("""{ cron: "0 2 * * *", only: [db] }""", Daily, StringComparison.Ordinal);
        var units = Plan(folder, false, "", yaml).Files.Where(unit => unit.Name.Contains("-daily", StringComparison.Ordinal))
            .ToDictionary(unit => unit.Name, unit => unit.Content);
        Assert.Equal(6, units.Count);
        Assert.Contains("schedule run daily journal --only db\n", units["larder-journal-daily.service"], StringComparison.Ordinal);
        Assert.Contains("schedule run daily journal --only code\n", units["larder-journal-daily-2.service"], StringComparison.Ordinal);
        Assert.Contains("schedule run daily journal --only db --only lite --only code\n", units["larder-journal-daily-3.service"], StringComparison.Ordinal);
        Assert.Equal(1, units["larder-journal-daily.timer"].Split("OnCalendar=").Length - 1);
        Assert.Equal(2, units["larder-journal-daily-2.timer"].Split("OnCalendar=").Length - 1);
    }

    [Fact]
    public async Task Secrets_are_handed_over_by_systemd_and_repositories_alone_can_be_written()
    {
        await using var folder = new TemporaryFolder();
        var daily = Plan(folder, isDaemon: false, "").Files.Single(unit => unit.Name == "larder-journal-daily.service").Content;
        var key = folder["key"];
        Assert.Contains($"LoadCredential={CredentialFiles.NameOf(key)}:{key}\n", daily, StringComparison.Ordinal);
        Assert.Contains("ReadWritePaths=\"-/mnt/usb stick/50%% full\"\n", daily, StringComparison.Ordinal);
        Assert.DoesNotContain("/srv/journal", daily, StringComparison.Ordinal);
        Assert.Contains("schedule run daily journal\n", daily, StringComparison.Ordinal);
    }

    private static TimeZoneInfo Havana => TimeZoneInfo.FindSystemTimeZoneById("America/Havana");

    private static async Task WriteAsync(TemporaryFolder folder, bool isDaemon, string drill)
    {
        var (written, _) = await new UnitFolder(folder.FullPath, TimeProvider.System).InstallAsync(Plan(folder, isDaemon, drill), CancellationToken.None);
        Assert.NotEmpty(written);
    }

    private static UnitPlan Plan(TemporaryFolder folder, bool isDaemon, string drill, string example = Example)
    {
        File.WriteAllText(folder["key"], "secret");
        var yaml = example.Replace("KEY", folder["key"], StringComparison.Ordinal).Replace("DRILL", drill, StringComparison.Ordinal);
        var environment = new ConfigurationEnvironment { Variables = new Dictionary<string, string>(), WorkingDirectory = folder.FullPath };
        var result = ConfigurationLoader.LoadText(yaml, folder["larder.yaml"], environment);
        return UnitPlan.Compute(result.Require(), "/bin/true", result.SecretFiles, folder.FullPath, isDaemon);
    }
}
