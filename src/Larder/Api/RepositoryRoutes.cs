using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Maintenance;

namespace Larder.Api;

/// <summary>Repositories: their passwords, locks and copies.</summary>
internal static class RepositoryRoutes
{
    private const string Keys =
        """
        {"repository":"local","keys":[{"id":"5c1f0e2a9b7d","short_id":"5c1f0e2a","username":"ada","hostname":"vault",
        "created_at":"2024-11-08T12:00:00+00:00","current":true}],"added":null,"removed":null}
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/repositories",
            Action = "repository.list",
            Summary = "Lists the configured repositories.",
            Needs = Needs.Of(Role.Viewer, Scope.Read, JobRule.All),
            AnswerExample = """[{"name":"local","kind":"path"}]""",
            Run = call => Task.FromResult<Answer?>(Answer.Json(new JsonArray(
                [.. call.Services.Configuration.Repositories.Values.Select(one => (JsonNode)new JsonObject
                {
                    ["name"] = one.Name,
                    ["kind"] = one.Location.Kind,
                })]))),
        },
        new()
        {
            Method = "POST",
            Path = "/api/repositories/copy",
            Action = "repository.copy",
            Summary = "Begins to copy backups from one repository into another.",
            Needs = Needs.Of(Role.Operator, Scope.Backup, JobRule.All),
            Body = BodyJson.Default.CopyBody,
            BodyExample = """{"from":"local","to":"offsite"}""",
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = CopyAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/repositories/{name}/unlock",
            Action = "repository.unlock",
            Summary = "Removes the locks that dead processes left.",
            Details = "With `all` also those of processes that may be alive: only when you know that none is.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.UnlockBody,
            BodyExample = """{"all":false}""",
            BodyMayBeEmpty = true,
            AnswerExample = """{"repositories":[{"repository":"local","removed":1}],"removed":1}""",
            Run = async call =>
            {
                var body = await call.BodyAsync(BodyJson.Default.UnlockBody);
                var engine = await call.Services.EngineAsync(call.Cancelled);
                var report = await new UnlockRun(engine, NameIn(call), body.All).ExecuteAsync(call.Cancelled);
                return Answer.Json(report.ToJson()) with { Target = body.All ? $"{NameIn(call)} all" : NameIn(call) };
            },
        },
        new()
        {
            Method = "POST",
            Path = "/api/repositories/{name}/repair-index",
            Action = "repository.repair_index",
            Summary = "Begins to write the index anew from the packs: the cure when index files are damaged or lost.",
            Details = "No pack and no backup is removed. Verify afterwards.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = RepairAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/repositories/{name}/keys",
            Action = "repository.keys",
            Summary = "Lists the passwords of a repository: who made them, and when.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            AnswerExample = Keys,
            Run = async call => Answer.Json((await (await CommandsAsync(call)).ListAsync(call.Cancelled)).ToJson()),
        },
        new()
        {
            Method = "POST",
            Path = "/api/repositories/{name}/keys",
            Action = "repository.key_add",
            Summary = "Adds a password to a repository. Every password opens everything.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.KeyBody,
            BodyExample = """{"password":"a long passphrase for the vault"}""",
            Status = 201,
            AnswerExample = Keys,
            Run = async call =>
            {
                var body = await call.BodyAsync(BodyJson.Default.KeyBody);
                var report = await (await CommandsAsync(call)).AddAsync(body.Password, call.Cancelled);
                return Answer.Json(report.ToJson(), 201) with { Target = $"{NameIn(call)} {report.Added}" };
            },
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/repositories/{name}/keys/{id}",
            Action = "repository.key_remove",
            Summary = "Removes a password from a repository. The one in use is refused.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            AnswerExample = Keys,
            Run = async call =>
            {
                var report = await (await CommandsAsync(call)).RemoveAsync(call.Part("id"), call.Cancelled);
                return Answer.Json(report.ToJson()) with { Target = $"{NameIn(call)} {report.Removed}" };
            },
        },
    ];

    private static async Task<Answer?> CopyAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.CopyBody);
        foreach (var name in new[] { body.From, body.To })
        {
            RepositoryNames.Of(call, name);
        }
        var request = new CopyRequest { From = body.From, To = body.To, Backups = body.Backups ?? [] };
        return await RunAnswer.BeginAsync(call, new DirectOrder
        {
            What = RunKind.Copy,
            Work = async (engine, progress, cancellationToken) =>
                engine.Report?.Invoke((await new CopyRun(engine, request, progress).ExecuteAsync(cancellationToken)).ToJson()),
        });
    }

    private static async Task<Answer?> RepairAsync(ApiCall call)
    {
        var name = NameIn(call);
        var answer = await RunAnswer.BeginAsync(call, new DirectOrder
        {
            What = RunKind.Repair,
            Work = async (engine, progress, cancellationToken) =>
                engine.Report?.Invoke((await new RepairIndexRun(engine, name, progress).ExecuteAsync(cancellationToken)).ToJson()),
        });
        return answer with { Target = name };
    }

    private static async Task<KeyCommands> CommandsAsync(ApiCall call) =>
        new(await call.Services.EngineAsync(call.Cancelled), NameIn(call));

    private static string NameIn(ApiCall call) => RepositoryNames.Of(call, call.Part("name"));
}
