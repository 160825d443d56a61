using System.Text.Json;
using Larder.Testing.Servers;

namespace Larder.Tests.Cli;

public sealed class HealthTests
{
    private const string WithAlerts = Desk.Usual +
        """

        alerts:
          - webhook: { url: "http://127.0.0.1:{port}/very-secret-path", secret: shared }
            allow: [127.0.0.1]
            on: [failed, missed, recovered]
          - telegram: { token: "123:very-secret-token", chat: "42" }
            on: [cancelled]
        """;

    [Fact]
    public async Task Health_fails_without_a_backup_and_is_well_with_one()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        Assert.StartsWith("CRITICAL: ", (await desk.ExpectAsync(1, "health", "--brief")).Output, StringComparison.Ordinal);
        await desk.ExpectAsync(0, "backup");
        Assert.StartsWith("OK: all ", (await desk.ExpectAsync(0, "health", "--brief")).Output, StringComparison.Ordinal);

        var report = JsonDocument.Parse((await desk.ExpectAsync(0, "health", "--json", "--report", desk["reports/"])).Output).RootElement;
        Assert.Equal("info", report.GetProperty("level").GetString());
        Assert.Contains(report.GetProperty("checks").EnumerateArray(), check => check.GetProperty("check").GetString() == "freshness");
        var file = Assert.Single(Directory.GetFiles(desk["reports"], "health_report_*.json"));
        Assert.Equal("info", JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement.GetProperty("level").GetString());
    }

    [Fact]
    public async Task A_backup_by_hand_that_fails_alerts_and_ends_as_it_would_have_ended_without()
    {
        await using var server = new WebhookServer();
        await using var desk = await Desk.LaidAsync(WithAlerts.Replace("{port}", $"{server.Port}", StringComparison.Ordinal));
        await desk.InitAsync();
        File.Move(desk["journal.db"], desk["journal.away"]);
        await desk.ExpectAsync(1, "backup");
        var failed = (await server.ReceiveAsync(TestContext.Current.CancellationToken)).Json;
        Assert.Equal(("failed", "backup:journal"), (failed.GetProperty("event").GetString(), failed.GetProperty("key").GetString()));

        File.Move(desk["journal.away"], desk["journal.db"]);
        await desk.ExpectAsync(0, "backup");
        var recovered = (await server.ReceiveAsync(TestContext.Current.CancellationToken)).Json;
        Assert.Equal(("recovered", "backup:journal"), (recovered.GetProperty("event").GetString(), recovered.GetProperty("key").GetString()));
        Assert.Equal(2, server.Count);

        var log = await File.ReadAllTextAsync(desk["state/logs/backup.log"]);
        Assert.Contains("ended: failed. LARDER-060", log, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", log + await File.ReadAllTextAsync(desk["state/logs/alerts.log"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_that_is_refused_is_a_warning_without_its_secrets_and_not_the_end_of_the_run()
    {
        await using var server = new WebhookServer { Answer = _ => 403 };
        await using var desk = await Desk.LaidAsync(WithAlerts.Replace("{port}", $"{server.Port}", StringComparison.Ordinal));
        await desk.InitAsync();
        File.Delete(desk["journal.db"]);
        var said = await desk.ExpectAsync(1, "backup");
        Assert.Contains("could not be sent by webhook: It answered with status 403.", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", said.Error + said.Output, StringComparison.Ordinal);

        var tried = JsonDocument.Parse((await desk.ExpectAsync(1, "notify", "test", "webhook", "--json")).Output).RootElement[0];
        Assert.Equal(("webhook", "failed"), (tried.GetProperty("channel").GetString(), tried.GetProperty("status").GetString()));
        server.Answer = _ => 200;
        await desk.ExpectAsync(0, "notify", "test", "webhook");
        Assert.Contains("LARDER-097", (await desk.ExpectAsync(2, "notify", "test", "email")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_alerts_a_test_says_so()
    {
        await using var desk = await Desk.LaidAsync();
        Assert.Contains("has no alerts", (await desk.ExpectAsync(2, "notify", "test")).Error, StringComparison.Ordinal);
    }
}
