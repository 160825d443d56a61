using Larder.Engine;
using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>What runs and what ran.</summary>
internal static class RunRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/runs",
            Action = "run.list",
            Summary = "Lists runs, newest first.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            Query =
            [
                new("job", "string", "Only this job's.", "journal"),
                new("kind", "string", "Only backup, verify, drill, restore, rollback, cleanup, copy, sync, repair or test.", "backup"),
                new("status", "string", "Only success, partial, failed, in_progress, skipped or cancelled.", "failed"),
                QueryParameter.Limit,
                QueryParameter.Offset,
            ],
            AnswerExample =
                """
                [{"id":"0193c8d2f1a47c3e9b5d6a7f8e9d0c1b","kind":"backup","job":"journal","status":"success","trigger":"api",
                "created_by":"ada","started_at":"2024-11-08T12:00:00+00:00","finished_at":"2024-11-08T12:00:02+00:00",
                "backup_id":"3f9a1c20b7d4","size_bytes":1048576,"added_bytes":20480,"exit_status":0,"error":null}]
                """,
            Run = call => Task.FromResult<Answer?>(List(call)),
        },
        new()
        {
            Method = "GET",
            Path = "/api/runs/{id}",
            Action = "run.show",
            Summary = "Shows one run: how it stands, how far it is, and what it made.",
            Details = "`report` is the document that the command line prints with `--json`; null until the run has ended well.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = Examples.Run,
            Run = call => Task.FromResult<Answer?>(Answer.Json(RunDocument.Of(call, RunDocument.IdIn(call)))),
        },
        new()
        {
            Method = "GET",
            Path = "/api/runs/{id}/events",
            Action = "run.events",
            Summary = "Lists what happened in a run; with `Accept: text/event-stream` follows it to its end.",
            Details = "As server-sent events: `event` for each line of the run, `progress` while it works, and `run` once, when it has "
                + "ended. `Last-Event-ID` goes on where a broken connection stopped.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = """[{"number":7,"at":"2024-11-08T12:00:00+00:00","level":"info","message":"Source \"db\" …"}]""",
            Run = EventsAsync,
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/runs/{id}",
            Action = "run.cancel",
            Summary = "Cancels a run that waits or works. What it stored is not stored twice by the next one.",
            Needs = Needs.Of(Role.Operator, Scope.Backup),
            Status = 202,
            AnswerExample = Examples.Run,
            Run = call => Task.FromResult<Answer?>(Cancel(call)),
        },
    ];

    private static Answer List(ApiCall call)
    {
        var (limit, offset) = call.Paging;
        var page = call.Services.Catalog.Runs(new RunFilter
        {
            Job = call.Query("job"),
            Jobs = call.Caller.Jobs,
            Kind = Word<RunKind>(call, "kind"),
            Status = Word<RunStatus>(call, "status"),
            Limit = limit,
            Offset = offset,
        });
        return Answer.Page(call, page.Runs.Select(run => (JsonNode)RunJson.Of(run)), page.Total, limit, offset);
    }

    private static async Task<Answer?> EventsAsync(ApiCall call)
    {
        var id = RunDocument.IdIn(call);
        RunDocument.Of(call, id); // Unknown, or not the caller's: told before anything is sent.
        var accepted = call.Context.Request.Headers.Accept.ToString();
        if (accepted.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            using var stream = new RunStream(call, id);
            await stream.SendAsync();
            return null;
        }
        var after = long.TryParse(call.Query("after"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        return Answer.Json(new JsonArray([.. call.Services.Catalog.Events(id, after).Select(one => (JsonNode)RunJson.Of(one))]));
    }

    private static Answer Cancel(ApiCall call)
    {
        var id = RunDocument.IdIn(call);
        RunDocument.Of(call, id);
        if (!call.Services.Queue.Cancel(id, call.Caller.Name))
        {
            throw new LarderException(EngineError.UnknownRun, "The run has ended, or another process executes it.");
        }
        return Answer.Json(RunDocument.Of(call, id), 202) with { Target = id };
    }

    private static T? Word<T>(ApiCall call, string name)
        where T : struct, Enum => call.Query(name) switch
        {
            null => null,
            var text => EnumWord.Find<T>(text) ?? throw new LarderException(
                EngineError.UsageInvalid, $"\"{name}\" is one of {string.Join(", ", Enum.GetValues<T>().Select(EnumWord.Of))}."),
        };
}
