using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;

namespace Larder.Api;

/// <summary>How everything stands: for people, and for a monitoring system.</summary>
internal static class MonitorRoutes
{
    private const string Health =
        """
        {"level":"error","checked_at":"2024-11-08T12:00:00+00:00","host":"vault","checks":[{"check":"connection","subject":"journal/db",
        "event":"health","level":"error","job":"journal","title":"journal: db cannot be read","message":"The file does not exist.",
        "hint":"check the path.","run_id":null}]}
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/metrics",
            Action = "monitor.metrics",
            Summary = "Figures in the form that Prometheus reads.",
            Details = "They are those of the last look of the service. 503 before the first, some seconds after the start.",
            Needs = Needs.Of(Role.Viewer, Scope.Metrics, JobRule.All),
            AnswerType = "text/plain",
            Run = call => Task.FromResult<Answer?>(new Answer
            {
                Text = MetricsPage.Write(call.Services.Parts.Health?.Facts ?? throw NotYet()),
                Type = MetricsPage.ContentType,
            }),
        },
        new()
        {
            Method = "GET",
            Path = "/api/health",
            Action = "monitor.health",
            Summary = "Says whether all is well, as `larder health --json` does, by the last look of the service.",
            Needs = Needs.Of(Role.Viewer, Scope.Read, JobRule.All),
            AnswerExample = Health,
            Run = call => Task.FromResult<Answer?>(
                Answer.Json((call.Services.Parts.Health?.Report ?? throw NotYet()).ToJson())),
        },
        new()
        {
            Method = "POST",
            Path = "/api/health",
            Action = "monitor.look",
            Summary = "Looks now whether all is well, and says what was found.",
            Details = "As the service does by itself: people are told what is not well, and `/metrics` shows what was found.",
            Needs = Needs.Of(Role.Operator, Scope.Read, JobRule.All),
            AnswerExample = Health,
            Run = LookAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/alerts/test",
            Action = "monitor.test",
            Summary = "Sends a test by every channel, or by one, and says by which ones people can be reached.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.ChannelBody,
            BodyExample = """{"channel":"email"}""",
            BodyMayBeEmpty = true,
            AnswerExample = """[{"channel":"email","status":"success","error":null}]""",
            Run = TestAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/alerts",
            Action = "monitor.alerts",
            Summary = "Lists what is not well now.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample =
                """
                [{"key":"freshness:journal","event":"missed","level":"error","job":"journal","title":"No fresh backup of journal",
                "message":"The last good backup is 31 hours old.","hint":"run \"larder backup journal\".",
                "since":"2024-11-08T12:00:00+00:00","last_seen":"2024-11-08T12:15:00+00:00"}]
                """,
            Run = call => Task.FromResult<Answer?>(Answer.Json(new JsonArray(
                [.. new AlertTable(call.Services.Catalog).All()
                    .Where(row => row.ResolvedAt is null && call.Caller.MaySee(row.Job)).Select(row => (JsonNode)Of(row))]))),
        },
    ];

    private static async Task<Answer?> LookAsync(ApiCall call)
    {
        var health = call.Services.Parts.Health ?? throw NotYet();
        await health.LookAsync(call.Cancelled);
        return Answer.Json((health.Report ?? throw NotYet()).ToJson());
    }

    private static async Task<Answer?> TestAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.ChannelBody);
        using var composition = call.Services.Parts.Execution.Compose();
        var alerts = composition.Alerts;
        var tried = await ChannelTrial.ExecuteAsync(alerts.Desk, alerts.Routes, body.Channel, call.Cancelled);
        await alerts.CompleteAsync(isInterrupted: false);
        return Answer.Json(new JsonArray([.. tried.Select(one => (JsonNode)one.ToJson())])) with
        {
            Target = string.Join(' ', tried.Select(one => $"{one.Channel} {one.Status}")),
        };
    }

    private static JsonObject Of(AlertRow row) => new()
    {
        ["key"] = row.Key,
        ["event"] = row.Event,
        ["level"] = row.Level,
        ["job"] = row.Job,
        ["title"] = row.Title,
        ["message"] = row.Message,
        ["hint"] = row.Hint,
        ["since"] = row.Since,
        ["last_seen"] = row.LastSeen,
    };

    private static LarderException NotYet() => new(
        EngineError.Interrupted, "The service has not looked yet; it does so soon after its start.")
    {
        Hint = "ask again in some seconds.",
    };
}
