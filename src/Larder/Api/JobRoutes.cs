using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Configuration;

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
    ];

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
