using System.Net;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Tests.Configuration;

public sealed class AlertConfigurationTests
{
    private const string Beginning =
        """
        state_directory: /state
        repositories: { local: { path: /repository, password: secret } }
        jobs:
          journal: { sources: { db: { sqlite: { path: /db } } }, monitor: { max_backup_age_hours: 30 } }
          shop: { sources: { db: { sqlite: { path: /db } } } }

        """;

    [Fact]
    public void What_is_said_for_a_job_goes_before_what_is_said_for_all_and_that_before_the_default()
    {
        using var loading = new Loading();
        var configuration = loading.Load(Beginning + "monitor: { max_backup_age_hours: 50, min_backup_size_mb: 1, disk_usage_threshold: 70 }\n").Configuration!;
        var journal = Thresholds.Of(configuration.Monitor, configuration.Jobs["journal"].Monitor);
        Assert.Equal((TimeSpan.FromHours(30), 1_000_000L), (journal.BackupAgeMax, journal.BackupBytesMin));
        var shop = Thresholds.Of(configuration.Monitor, configuration.Jobs["shop"].Monitor);
        Assert.Equal((TimeSpan.FromHours(50), 70, TimeSpan.FromMinutes(60)), (shop.BackupAgeMax, shop.DiskUsagePercentMax, shop.MissedAfter));
        var byDefault = Thresholds.Of(new MonitorSettings());
        Assert.Equal((null, 0L, 0.5, 85, TimeSpan.FromDays(7)), (
            byDefault.BackupAgeMax, byDefault.BackupBytesMin, byDefault.SizeShareMin, byDefault.DiskUsagePercentMax, byDefault.DiskFullWithin));
    }

    [Fact]
    public void An_alert_says_which_jobs_events_and_networks_it_is_for()
    {
        using var loading = new Loading();
        var configuration = loading.Load(Beginning +
            """
            alerts:
              - webhook: { url: https://example.com/hook, secret: shared }
                jobs: journal
                on: [failed, missed]
                allow: [10.0.0.0/8, 192.168.1.7, "::1"]
              - webhook: https://example.com/other
              - healthchecks: https://hc-ping.com/uuid
            logs: { format: json, max_size_mb: 2 }
            """).Configuration!;
        var first = configuration.Alerts[0];
        Assert.Equal(["journal"], first.Jobs);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.168.1.7/32"), IPNetwork.Parse("::1/128")], first.Allow);
        Assert.NotNull(((WebhookChannel)first.Channel).SigningSecret);
        Assert.Equal(["webhook", "webhook-2", "healthchecks"], AlertRoute.NamesOf(configuration.Alerts));
        Assert.Equal(("/state/logs", true, 2_000_000L, 5), (
            configuration.Logs!.Folder, configuration.Logs.IsJson, configuration.Logs.FileBytesMax, configuration.Logs.Keep));

        Assert.True(AlertEvents.Takes(first, AlertEvent.Missed));
        Assert.False(AlertEvents.Takes(first, AlertEvent.Recovered));
        Assert.True(AlertEvents.Takes(configuration.Alerts[1], AlertEvent.Recovered));
        Assert.False(AlertEvents.Takes(configuration.Alerts[1], AlertEvent.Success));
        Assert.True(AlertEvents.Takes(configuration.Alerts[2], AlertEvent.Start));
        Assert.False(AlertEvents.Takes(configuration.Alerts[2], AlertEvent.Recovered));
        Assert.False(AlertEvents.TakesJob(first, null));
    }

    [Theory]
    [InlineData("alerts: [{ webhook: https://example.com, allow: private }]", "neither an address nor a network", "allow: 127.0.0.1")]
    [InlineData("alerts: [{ webhook: https://example.com, jobs: [jurnal] }]", "no job has that name", "did you mean journal?")]
    [InlineData("alerts: [{ webhook: https://example.com, on: [fail] }]", "is not one of", null)]
    [InlineData("alerts: [{ slack: { url: https://example.com, secret: x } }]", "\"secret\" is not a key", null)]
    [InlineData("monitor: { disk_usage_threshold: 101 }", "a whole number from 1 to 100", "disk_usage_threshold: 85")]
    [InlineData("monitor: { max_age: 26h }", "\"max_age\" is not a key of monitor", null)]
    [InlineData("logs: { format: xml }", "is not one of human, json", null)]
    public void A_mistake_is_named_with_what_would_work(string text, string message, string? suggestion)
    {
        using var loading = new Loading();
        var problem = Assert.Single(loading.Load(Beginning + text).Problems);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        if (suggestion is not null)
        {
            Assert.Equal(suggestion, problem.Suggestion);
        }
    }

    [Fact]
    public async Task An_address_that_will_be_refused_is_a_warning_that_names_the_key_which_allows_it()
    {
        using var loading = new Loading();
        var result = loading.Load(Beginning +
            """
            alerts:
              - webhook: { url: http://10.1.2.3/hook/verysecret }
              - webhook: { url: http://10.1.2.3/hook }
                allow: [10.0.0.0/8]
              - slack: http://localhost:9/
              - ntfy: { url: "http://[fd00::7]/", topic: backups }
              - webhook: { url: https://192.0.2.1.nip.example.invalid/ }
              - gotify: { url: https://93.184.215.14/, token: t }
              - discord: { url_command: "echo http://127.0.0.1/" }
              - email: { to: [a@example.com], server: 127.0.0.1 }
            """);
        Assert.Empty(result.Problems);
        Assert.DoesNotContain(result.Warnings, warning => warning.Key.EndsWith(".url", StringComparison.Ordinal)); // Loading asks nobody.

        var looked = (await AlertAddresses.CheckAsync(result, TestContext.Current.CancellationToken)).Warnings.Except(result.Warnings).ToList();

        Assert.Equal(["alerts[0].webhook.url", "alerts[2].slack.url", "alerts[3].ntfy.url"], looked.Select(warning => warning.Key));
        Assert.Equal("alerts[0].allow: [10.1.2.3]", looked[0].Suggestion);
        Assert.Equal("alerts[3].allow: [fd00::7]", looked[2].Suggestion);
        Assert.All(looked, warning => Assert.True(warning.Line > 0));
        Assert.DoesNotContain(looked, warning => warning.ToString().Contains("verysecret", StringComparison.Ordinal));

        // What the warning suggests makes it go away.
        var mended = loading.Load(Beginning + "alerts:\n  - webhook: { url: http://10.1.2.3/hook }\n    allow: [10.1.2.3]\n");
        Assert.Empty((await AlertAddresses.CheckAsync(mended, TestContext.Current.CancellationToken)).Warnings.Except(mended.Warnings));
        var broken = loading.Load(Beginning + "alerts: 7\n");
        Assert.Same(broken, await AlertAddresses.CheckAsync(broken, TestContext.Current.CancellationToken));
    }
}
