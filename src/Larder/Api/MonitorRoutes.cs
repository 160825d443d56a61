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
            AnswerExample = """{"level":"info","checked_at":"2024-11-08T12:00:00+00:00","host":"vault","checks":[]}""",
            Run = call => Task.FromResult<Answer?>(
                Answer.Json((call.Services.Parts.Health?.Report ?? throw NotYet()).ToJson())),
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
