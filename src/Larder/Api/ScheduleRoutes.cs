using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Schedule;

namespace Larder.Api;

/// <summary>What comes when, and having it come now.</summary>
internal static class ScheduleRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/schedule",
            Action = "schedule.list",
            Summary = "Lists what comes next, the earliest first: backups, cleanups, verifications and drills.",
            Details = "As `next` of `larder schedule status --json`. Systemd's units are not looked at: the service is what runs the "
                + "schedules.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample =
                """
                [{"job":"journal","kind":"backup","cron":"0 2 * * *","time_zone":"Europe/Berlin","only":["db"],
                "due":"2024-11-09T02:00:00+01:00"}]
                """,
            Run = call => Task.FromResult<Answer?>(Answer.Json(new JsonArray(
                [
                    .. call.Services.Parts.Timekeeper.Next.Where(next => call.Caller.MaySee(next.Recurrence.Job))
                        .Select(next => (JsonNode)ScheduleJson.Of(
                            next.Recurrence, TimeZoneInfo.ConvertTime(next.Due, next.Recurrence.Zone))),
                ]))),
        },
        new()
        {
            Method = "POST",
            Path = "/api/schedule/{kind}",
            Action = "schedule.run",
            Summary = "Begins the daily, weekly or monthly backups of jobs now, with their sources and their retention.",
            Details = "What `larder schedule run KIND` does. The answer is an array of runs, one for each backup. Without `jobs` all are "
                + "meant; with `only`, the schedules for just these sources.",
            Needs = Needs.Of(Role.Operator, Scope.Backup),
            Body = BodyJson.Default.ScheduleBody,
            BodyExample = """{"jobs":["journal"]}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            Status = 202,
            AnswerExample = $"[{Examples.Run.Trim()}]",
            Run = RunAsync,
        },
    ];

    private static async Task<Answer?> RunAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.ScheduleBody);
        var cadence = call.Part("kind") switch
        {
            "daily" => Cadence.Daily,
            "weekly" => Cadence.Weekly,
            "monthly" => Cadence.Monthly,
            _ => throw new LarderException(EngineError.UsageInvalid, "A schedule is daily, weekly or monthly."),
        };
        var configuration = call.Services.Configuration;
        List<JobSettings> jobs = body.Jobs is { Count: > 0 } named
            ? [.. named.Distinct(StringComparer.Ordinal).Select(name => configuration.Jobs[JobNames.Of(call, name)])]
            : [.. configuration.Jobs.Values.Where(job => call.Caller.MaySee(job.Name))];
        var backups = CadencePlan.BackupsOf(configuration, jobs, cadence, body.Only ?? []);
        return await RunAnswer.BeginAsync(call, [.. backups.Select(one => new BackupOrder(one.Request, one.ThenCleanup))]);
    }
}
