using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;

namespace Larder.Api;

/// <summary>Who did what, and a second person's yes.</summary>
internal static class AuditRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/audit",
            Action = "audit.list",
            Summary = "Lists who did and tried what, newest first.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            Query =
            [
                new("actor", "string", "Only this user's.", "ada"),
                new("action", "string", "Only this action, or those that begin with it.", "backup"),
                QueryParameter.Limit,
                QueryParameter.Offset,
            ],
            AnswerExample =
                """
                [{"number":42,"at":"2024-11-08T12:00:00+00:00","actor":"ada","way":"session","address":"127.0.0.1","action":"backup.create",
                "target":"journal","outcome":"done","details":"run 0193c8d2","hash":"9f86d081884c7d65"}]
                """,
            Run = call => Task.FromResult<Answer?>(List(call)),
        },
        new()
        {
            Method = "GET",
            Path = "/api/audit/verification",
            Action = "audit.verify",
            Summary = "Says whether the audit log is as it was written, and its head.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            Query = [new("head", "string", "A head that was noted before and must be in the log.", "9f86d081884c7d65")],
            AnswerExample = """{"whole":true,"entries":42,"head":"9f86d081884c7d65","broken_at":null,"complaint":null}""",
            Run = call => Task.FromResult<Answer?>(Answer.Json(AccessJson.Of(call.Services.Gate.Audit.Verify(call.Query("head"))))),
        },
        new()
        {
            Method = "GET",
            Path = "/api/approvals",
            Action = "approval.list",
            Summary = "Lists what waits for a second person, or has one and waits to be done.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = $"[{Examples.Approval.Trim()}]",
            Run = call => Task.FromResult<Answer?>(
                Answer.Json(new JsonArray([.. call.Services.Approvals.Open().Select(one => (JsonNode)AccessJson.Of(one))]))),
        },
        new()
        {
            Method = "GET",
            Path = "/api/approvals/{id}",
            Action = "approval.show",
            Summary = "Shows one request for a second person.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = Examples.Approval,
            Run = call => Task.FromResult<Answer?>(Answer.Json(AccessJson.Of(call.Services.Approvals.Get(call.Part("id"))))),
        },
        new()
        {
            Method = "POST",
            Path = "/api/approvals/{id}",
            Action = "approval.give",
            Summary = "Agrees, as the second person, to what another admin asked for.",
            Details = "The other then repeats the same request with this id as `approval`. It is good for eight hours and for once.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = Examples.Approval,
            Run = call =>
            {
                var approval = call.Services.Approvals.Approve(call.Part("id"), call.Caller.Name);
                var target = $"{approval.Action} {approval.Target} of {approval.RequestedBy}";
                return Task.FromResult<Answer?>(Answer.Json(AccessJson.Of(approval)) with { Target = target });
            },
        },
    ];

    private static Answer List(ApiCall call)
    {
        var (limit, offset) = call.Paging;
        var (entries, total) = call.Services.Gate.Audit.Page(limit, offset, call.Query("actor"), call.Query("action"));
        return Answer.Page(call, entries.Select(entry => (JsonNode)AccessJson.Of(entry)), total, limit, offset);
    }
}
