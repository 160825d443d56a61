using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Larder.Engine.Sync;

namespace Larder.Api;

/// <summary>What is backed up, and when next.</summary>
internal static class JobRoutes
{
    private const string Example =
        """
        {"name":"journal","description":"The journal","tags":["nightly"],"sources":[{"name":"db","engine":"postgresql"}],"to":["local"],
        "schedule":[{"cron":"0 2 * * *","only":["db"]}],"time_zone":"Europe/Berlin","environments":["staging"],
        "next":[{"what":"backup","at":"2024-11-09T02:00:00+01:00"}]}
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/jobs",
            Action = "job.list",
            Summary = "Lists the jobs, with what they back up and when they run next.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = $"[{Example.Trim()}]",
            Run = call => Task.FromResult<Answer?>(Answer.Json(new JsonArray(
                [
                    .. call.Services.Configuration.Jobs.Values
                        .Where(job => call.Caller.MaySee(job.Name)).Select(job => (JsonNode)Of(call, job)),
                ]))),
        },
        new()
        {
            Method = "GET",
            Path = "/api/jobs/{name}",
            Action = "job.show",
            Summary = "Shows one job.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = Example,
            Run = call => Task.FromResult<Answer?>(
                Answer.Json(Of(call, call.Services.Configuration.Jobs[JobNames.Of(call, call.Part("name"))]))),
        },
        new()
        {
            Method = "POST",
            Path = "/api/jobs/{name}/sync",
            Action = "job.sync",
            Summary = "Brings the local and the remote MongoDB database of a job in step.",
            Details = "Both ways: what one side lacks is copied, of what both have the newer one wins, and nothing is removed. With "
                + "`dry_run` it is counted, answered, and nothing is written. Only where local is primary (403 elsewhere). The log "
                + "is in the events of the run.",
            Needs = Needs.Of(Role.Admin, Scope.Backup),
            Body = BodyJson.Default.SyncBody,
            BodyExample = """{"dry_run":false}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = SyncAsync,
        },
    ];

    private static async Task<Answer?> SyncAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.SyncBody);
        var job = JobNames.Of(call, call.Part("name"));
        // A slip is told at once, and not by a run that failed.
        var run = new SyncRun(await call.Services.EngineAsync(call.Cancelled), job, new RunProgress());
        return body.DryRun
            ? Answer.Json((await run.PlanAsync(call.Cancelled)).ToNode()) with { Target = job }
            : await RunAnswer.BeginAsync(call, new SyncOrder(job));
    }

    private static JsonObject Of(ApiCall call, JobSettings job) => new()
    {
        ["name"] = job.Name,
        ["description"] = job.Description,
        ["tags"] = Texts(job.Tags),
        ["sources"] = new JsonArray(
            [.. job.Sources.Select(source => (JsonNode)new JsonObject { ["name"] = source.Name, ["engine"] = source.Engine })]),
        ["to"] = Texts(job.To),
        ["schedule"] = new JsonArray(
            [.. job.Schedule.Select(one => (JsonNode)new JsonObject { ["cron"] = one.Cron.ToString(), ["only"] = Texts(one.Only) })]),
        ["time_zone"] = job.TimeZone.Id,
        ["environments"] = Texts(job.Environments.Keys),
        ["next"] = new JsonArray(
            [.. call.Services.Parts.Timekeeper.Next.Where(next => next.Recurrence.Job == job.Name).Select(next => (JsonNode)new JsonObject
            {
                ["what"] = next.Recurrence.Kind.ToString().ToLowerInvariant(),
                ["at"] = TimeZoneInfo.ConvertTime(next.Due, job.TimeZone),
            })]),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);
}
