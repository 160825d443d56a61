using System.Text.Json;
using Larder.Engine.Access;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Tests.Api;

/// <summary>What a monitoring system hears of real work, and of real trouble.</summary>
public sealed class MonitoringTests
{
    private const string Name = "journal.v2-beta_1";

    private const string Configuration =
        """
        state_directory: {0}/state
        repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
        jobs:
          journal.v2-beta_1:
            time_zone: Europe/Berlin
            schedule: "0 2 * * *"
            sources:
              db: { sqlite: { path: {0}/journal.db } }
              code: { files: { paths: [{0}/code] } }
        """;

    [Fact]
    public async Task The_figures_are_those_of_the_backup_the_verification_and_the_drill_that_were_made()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration: Configuration);
        var token = desk.TokenOf(Role.Admin);
        (string, string)[] job = [("job", Name)];
        await LookAsync(desk, token);
        var before = await MetricsAsync(desk, token);
        Assert.Equal(0, before.Find("larder_backups", job));
        Assert.False(before.Families.ContainsKey("larder_backup_last_success_timestamp_seconds")); // Not known is not 0.

        var made = await desk.RunAsync("POST", "/api/backups", token, "{}");
        var verified = await desk.RunAsync("POST", "/api/verify", token, $$"""{"jobs":["{{Name}}"],"level":"content"}""");
        var drilled = await desk.RunAsync("POST", "/api/drills", token, $$"""{"name":"{{Name}}"}""");
        await LookAsync(desk, token);
        var page = await MetricsAsync(desk, token);

        var facts = page.Find("larder_facts_timestamp_seconds")!.Value;
        var created = Seconds(made.GetProperty("created_at").GetDateTimeOffset());
        Assert.Equal(created, page.Find("larder_backup_last_success_timestamp_seconds", job)!.Value, 0.002);
        Assert.Equal(made.GetProperty("duration_seconds").GetDouble(), page.Find("larder_backup_last_duration_seconds", job)!.Value, 0.002);
        Assert.Equal(made.GetProperty("size_bytes").GetInt64(), page.Find("larder_backup_last_size_bytes", job));
        Assert.Equal(made.GetProperty("added_bytes").GetInt64(), page.Find("larder_backup_last_added_bytes", job));
        Assert.Equal(3, page.Find("larder_backup_last_rows", job));
        Assert.Equal((1, 1, 1), (page.Find("larder_backups", job), page.Find("larder_backups_good", job), page.Find("larder_run_last_success", job)));
        Assert.Equal(facts - created, page.Find("larder_recoverable_window_seconds", job)!.Value, 0.002);

        Assert.Equal("success", Text(verified, "status"));
        (string, string)[] level = [("job", Name), ("level", "content")];
        Assert.Equal(1, page.Find("larder_verify_last_success", level));
        var run = (await desk.ExpectAsync(200, "GET", "/api/runs?kind=verify", token)).Json[0];
        Assert.Equal(Seconds(run.GetProperty("finished_at").GetDateTimeOffset()), page.Find("larder_verify_last_timestamp_seconds", level)!.Value, 1.0);
        Assert.Null(page.Find("larder_verify_last_success", ("job", Name), ("level", "data"))); // It was not asked for.

        var report = drilled.GetProperty("drills")[0].GetProperty("report");
        Assert.Equal(1, page.Find("larder_drill_last_success", job));
        Assert.Equal(report.GetProperty("rto_seconds").GetDouble(), page.Find("larder_drill_rto_seconds", job)!.Value, 0.002);
        Assert.Equal(Seconds(report.GetProperty("finished_at").GetDateTimeOffset()), page.Find("larder_drill_last_timestamp_seconds", job)!.Value, 0.002);

        var next = (await desk.ExpectAsync(200, "GET", "/api/schedule", token)).Json[0].GetProperty("due").GetDateTimeOffset();
        Assert.Equal(Seconds(next), page.Find("larder_schedule_next_timestamp_seconds", job));
        var disk = new DriveInfo(desk.Desk["repository"]);
        Assert.Equal(disk.TotalSize, page.Find("larder_disk_size_bytes", ("repository", "local")));
        Assert.InRange(page.Find("larder_disk_used_bytes", ("repository", "local"))!.Value, 1, disk.TotalSize);
        Assert.Equal((1, 1), (page.Find("larder_repository_up", ("repository", "local")), page.Find("larder_repository_backups", ("repository", "local"))));
        Assert.Equal(1, page.Find("larder_build_info", ("version", Composition.Version)));
        Assert.Equal(1, page.Find("larder_scheduler_up"));
        foreach (var (source, engine) in new[] { ("db", "sqlite"), ("code", "files") })
        {
            Assert.Equal(1, page.Find("larder_source_up", ("job", Name), ("source", source), ("engine", engine)));
        }
        var health = (await desk.ExpectAsync(200, "GET", "/api/health", token)).Json;
        foreach (var name in new[] { "info", "warning", "error", "critical" })
        {
            Assert.Equal(
                health.GetProperty("checks").EnumerateArray().Count(check => Text(check, "level") == name),
                page.Find("larder_health_checks", ("level", name)));
        }
        await using var promtool = new TemporaryFolder();
        await File.WriteAllTextAsync(promtool["metrics"], (await desk.ExpectAsync(200, "GET", "/metrics", token)).Text);
        Assert.Equal(
            "", (await ChildProcess.RunAsync(new ChildCommand("bash", "-c", $"promtool check metrics < {promtool["metrics"]}"))).Expect().Output);
    }

    [Fact]
    public async Task A_failure_is_an_alert_until_the_same_thing_goes_well_again()
    {
        await using var hook = new WebhookServer();
        await using var desk = await ApiDesk.OpenAsync(
            configuration: Configuration + $$"""

            alerts:
              - { webhook: { url: "{{hook.Url()}}" }, allow: [127.0.0.0/8] }
            """);
        var token = desk.TokenOf(Role.Admin);
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        await LookAsync(desk, token);
        Assert.DoesNotContain(await AlertsAsync(desk, token), alert => Text(alert, "level") is "error" or "critical");

        var began = TimeProvider.System.GetUtcNow();
        File.Move(desk.Desk["journal.db"], desk.Desk["journal.away"]);
        var failed = await desk.ExpectAsync(200, "POST", "/api/backups", token, "{}", ("Prefer", "wait=100"));
        Assert.Equal("failed", Text(failed.Json, "status"));
        var health = await LookAsync(desk, token);

        Assert.Equal("error", Text(health, "level"));
        var check = Assert.Single(health.GetProperty("checks").EnumerateArray(), one => Text(one, "check") == "connection" && Text(one, "subject") == $"{Name}/db");
        Assert.Equal(("error", Name, "health"), (Text(check, "level"), Text(check, "job"), Text(check, "event")));
        Assert.Contains(desk.Desk["journal.db"], Text(check, "message"), StringComparison.Ordinal);
        Assert.NotEmpty(Text(check, "hint"));
        var alerts = await AlertsAsync(desk, token);
        var alert = Assert.Single(alerts, one => Text(one, "key") == $"backup:{Name}");
        Assert.Equal(("failed", "error", Name), (Text(alert, "event"), Text(alert, "level"), Text(alert, "job")));
        Assert.Contains(Text(failed.Json.GetProperty("error"), "code"), Text(alert, "message"), StringComparison.Ordinal);
        Assert.Equal(Text(failed.Json.GetProperty("error"), "hint"), Text(alert, "hint"));
        Assert.InRange(alert.GetProperty("since").GetDateTimeOffset(), began.AddSeconds(-1), TimeProvider.System.GetUtcNow());
        Assert.True(alert.GetProperty("last_seen").GetDateTimeOffset() >= alert.GetProperty("since").GetDateTimeOffset());
        Assert.Contains(alerts, one => Text(one, "key") == $"connection:{Name}/db");
        var page = await MetricsAsync(desk, token);
        Assert.Equal((0, 2), (page.Find("larder_run_last_success", ("job", Name)), page.Find("larder_health_level")));
        Assert.Equal(0, page.Find("larder_source_up", ("job", Name), ("source", "db"), ("engine", "sqlite")));

        // A token for another job hears nothing of it.
        Assert.DoesNotContain(await AlertsAsync(desk, desk.TokenOf(Role.Viewer, [Scope.Read], ["other"])), one => one.GetProperty("job").GetString() == Name);

        File.Move(desk.Desk["journal.away"], desk.Desk["journal.db"]);
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        await LookAsync(desk, token);
        Assert.DoesNotContain(await AlertsAsync(desk, token), one => Text(one, "key") == $"backup:{Name}" || Text(one, "key") == $"connection:{Name}/db");
        Assert.Equal(1, (await MetricsAsync(desk, token)).Find("larder_run_last_success", ("job", Name)));
        var told = new List<(string Event, string Key)>();
        while (!told.Contains(("recovered", $"backup:{Name}")) || !told.Contains(("recovered", $"connection:{Name}/db")))
        {
            var post = (await hook.ReceiveAsync(TestContext.Current.CancellationToken)).Json;
            told.Add((Text(post, "event"), Text(post, "key")));
        }
        Assert.Single(told, one => one == ("failed", $"backup:{Name}")); // The run and the look say the same thing: it is told once.
        Assert.Single(told, one => one == ("health", $"connection:{Name}/db"));
    }

    private static async Task<JsonElement> LookAsync(ApiDesk desk, string token) => (await desk.ExpectAsync(200, "POST", "/api/health", token)).Json;

    private static async Task<IReadOnlyList<JsonElement>> AlertsAsync(ApiDesk desk, string token) =>
        [.. (await desk.ExpectAsync(200, "GET", "/api/alerts", token)).Json.EnumerateArray()];

    private static async Task<PrometheusText> MetricsAsync(ApiDesk desk, string token)
    {
        var heard = await desk.ExpectAsync(200, "GET", "/metrics", token);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", heard.Headers["Content-Type"]);
        return PrometheusText.Parse(heard.Text);
    }

    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
