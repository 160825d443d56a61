using System.Text.Json;
using Larder.Api;
using Larder.Engine.Access;
using Larder.Testing.Servers;
using Larder.Tests.Cli;

namespace Larder.Tests.Api;

/// <summary>What the document of the API shows as answers is what is answered.</summary>
public sealed class ExampleTests
{
    // Of these only the keys of the example are looked for: what else is in them depends on what is configured or backed up.
    private static readonly string[] Open = ["configuration.show", "document.openapi", "backup.show"];

    [Fact]
    public async Task Every_example_of_an_answer_has_the_keys_of_a_real_one()
    {
        await using var hook = new WebhookServer();
        await using var desk = await ApiDesk.OpenAsync(
            $$"""
            alerts: [{ webhook: { url: "{{hook.Url()}}" }, allow: [127.0.0.0/8] }]
            """,
            Desk.Usual.Replace("keep: { daily: 7 }", "keep: { daily: 7 }\n    schedule: \"0 2 * * *\"", StringComparison.Ordinal),
            laid => laid.Variables["PRIMARY_DATABASE"] = "local");
        var token = desk.TokenOf(Role.Owner);
        desk.TokenOf(Role.Admin);
        var (approvals, login) = (new ApprovalStore(desk.Catalog), $$"""{"name":"admin","password":"{{ApiDesk.Passphrase}}"}""");
        string Approval() => approvals.Request("restore.begin", "journal", "POST /api/backups/restore\n{}", "admin").Id;
        async Task<string> RunAsync(string kind) => Text((await desk.ExpectAsync(200, "GET", $"/api/runs?kind={kind}", token)).Json[0], "id");
        async Task<string> FileAsync() => Text((await desk.ExpectAsync(200, "GET", "/backups", token)).Json[0], "filename");
        var answered = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        async Task AskAsync(string action, string path, string? body = null, params (string Name, string Value)[] headers)
        {
            var route = ApiMapping.Routes.Single(one => one.Action == action);
            // What begins a run is waited for, so that the next call finds what it made.
            (string, string)[] all = route.BeginsRun ? [.. headers, ("Prefer", "wait=100")] : headers;
            var heard = await desk.SendAsync(route.Method, path, action == "session.show" ? null : token, body, all);
            Assert.True(heard.Status < 300, $"{action}: {heard.Status} {heard.Text}");
            answered[action] = heard.Json;
        }

        await AskAsync("backup.create", "/api/backups", """{"job":"journal","tags":["pre-deploy"]}""");
        await AskAsync("verify.begin", "/api/verify", """{"jobs":["journal"]}""");
        await AskAsync("drill.begin", "/api/drills", """{"name":"journal"}""");
        await AskAsync("drill.evidence", $"/api/drills/{await RunAsync("drill")}/evidence");
        await AskAsync("restore.begin", "/api/backups/restore", """{"backup":"latest","only":["code"],"confirm":true}""");
        await AskAsync("restore.rollback", "/api/rollback", """{"confirm":true}""");
        await AskAsync("backup.pin", "/api/backups/latest/pin");
        await AskAsync("backup.unpin", "/api/backups/latest/pin");
        await AskAsync("backup.cleanup", "/api/backups/cleanup", """{"confirm":true}""");
        await AskAsync("backup.list", "/api/backups");
        await AskAsync("backup.show", "/api/backups/latest");
        await AskAsync("content.collections", "/api/backups/latest/collections");
        await AskAsync("content.files", "/api/backups/latest/files?path=code");
        await AskAsync("installation.doctor", "/api/doctor");
        await AskAsync("installation.test", "/api/self-tests", """{"test":"stats"}""");
        await AskAsync("configuration.show", "/api/configuration");
        await AskAsync("configuration.validate", "/api/configuration/validation");
        await AskAsync("configuration.try", "/api/configuration/validation", """{"yaml":"jobs: 7"}""");
        await AskAsync("configuration.example", "/api/configuration/example");
        await AskAsync("schedule.list", "/api/schedule");
        await AskAsync("schedule.run", "/api/schedule/daily");
        await AskAsync("monitor.look", "/api/health");
        await AskAsync("monitor.health", "/api/health");
        await AskAsync("monitor.test", "/api/alerts/test");
        File.Move(desk.Desk["journal.db"], desk.Desk["away.db"]);
        await AskAsync("monitor.look", "/api/health");
        await AskAsync("monitor.alerts", "/api/alerts");
        File.Move(desk.Desk["away.db"], desk.Desk["journal.db"]);
        await AskAsync("job.list", "/api/jobs");
        await AskAsync("job.show", "/api/jobs/journal");
        await AskAsync("proof.report", "/api/report");
        await AskAsync("proof.stats", "/api/stats");
        await AskAsync("run.list", "/api/runs");
        await AskAsync("run.show", $"/api/runs/{await RunAsync("backup")}");
        await AskAsync("run.events", $"/api/runs/{await RunAsync("drill")}/events");
        await AskAsync("repository.list", "/api/repositories");
        await AskAsync("repository.copy", "/api/repositories/copy", """{"from":"local","to":"second"}""");
        await AskAsync("repository.unlock", "/api/repositories/local/unlock");
        await AskAsync("repository.repair_index", "/api/repositories/local/repair-index");
        await AskAsync("repository.keys", "/api/repositories/local/keys");
        await AskAsync("repository.key_add", "/api/repositories/second/keys", """{"password":"another-password-9d41"}""");
        await AskAsync("repository.key_remove", $"/api/repositories/second/keys/{answered["repository.key_add"].GetProperty("added").GetString()}");
        await AskAsync("user.add", "/api/users", """{"name":"grace","role":"operator","password":"eleven brave herons fly"}""");
        await AskAsync("user.list", "/api/users");
        await AskAsync("user.show", "/api/users/grace");
        await AskAsync("user.role", "/api/users/grace/role", """{"role":"viewer"}""");
        await AskAsync("user.disable", "/api/users/grace/disabled");
        await AskAsync("user.enable", "/api/users/grace/disabled");
        await AskAsync("token.create", "/api/tokens", """{"name":"x","scopes":["read"],"jobs":["journal"]}""");
        await AskAsync("token.list", "/api/tokens");
        await AskAsync("token.revoke", $"/api/tokens/{Text(answered["token.create"], "id")}");
        Approval();
        await AskAsync("approval.list", "/api/approvals");
        await AskAsync("approval.show", $"/api/approvals/{Approval()}");
        await AskAsync("approval.give", $"/api/approvals/{Approval()}");
        await AskAsync("audit.list", "/api/audit");
        await AskAsync("audit.verify", "/api/audit/verification");
        await AskAsync("session.login", "/api/session", login);
        var cookie = (await desk.ExpectAsync(200, "POST", "/api/session", null, login)).Cookies[0].Split(';')[0];
        await AskAsync("session.show", "/api/session", null, ("Cookie", cookie));
        await AskAsync("system.health", "/healthz");
        await AskAsync("document.openapi", "/openapi/v1.json");
        await AskAsync("file.create", "/backups");
        await AskAsync("file.list", "/backups");
        await AskAsync("file.show", $"/backups/{await FileAsync()}");
        await AskAsync("file.restore", "/backups/restore", $$"""{"filename":"{{await FileAsync()}}"}""");
        await AskAsync("page.create", "/api/backup", """{"delete_bookings":false}""");
        await AskAsync("page.status", "/api/backup/status");
        await AskAsync("file.cleanup", "/backups/cleanup");
        await desk.RunAsync("DELETE", "/api/backups/latest", token, """{"confirm":true,"force":true}""");
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        await AskAsync("backup.remove", "/api/backups/latest", """{"confirm":true,"force":true}""");

        // The first owner is made where there is no user, a run is cancelled while it waits, a restore is resumed after a kill, the last
        // good backup is not removed as a file, and only MongoDB has documents and is synced: other tests do that.
        string[] elsewhere = ["session.owner", "run.cancel", "restore.resume", "file.remove", "content.documents", "job.sync"];
        Assert.Equal(
            ApiMapping.Routes.Where(route => route.AnswerExample.Length > 0).Select(route => route.Action).Except(elsewhere).Order(StringComparer.Ordinal),
            answered.Keys.Order(StringComparer.Ordinal));
        var wrong = new List<string>();
        foreach (var (action, real) in answered)
        {
            using var example = JsonDocument.Parse(ApiMapping.Routes.Single(route => route.Action == action).AnswerExample);
            Compare(wrong, action, example.RootElement, real, Open.Contains(action));
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static void Compare(List<string> wrong, string where, JsonElement example, JsonElement real, bool isOpen)
    {
        switch (example.ValueKind, real.ValueKind)
        {
            case (JsonValueKind.Object, JsonValueKind.Object):
                var (shown, said) = (Keys(example), Keys(real));
                wrong.AddRange(shown.Except(said).Select(key => $"{where}: {key} is in the example alone"));
                wrong.AddRange(isOpen ? [] : said.Except(shown).Select(key => $"{where}: {key} is not in the example"));
                foreach (var key in isOpen ? [] : shown.Intersect(said))
                {
                    Compare(wrong, $"{where}.{key}", example.GetProperty(key), real.GetProperty(key), isOpen);
                }
                break;
            case (JsonValueKind.Array, JsonValueKind.Array):
                if (example.GetArrayLength() > 0 && real.GetArrayLength() > 0)
                {
                    Compare(wrong, where + "[]", example[0], real[0], isOpen);
                }
                break;
            case (JsonValueKind.True or JsonValueKind.False, JsonValueKind.True or JsonValueKind.False):
            case (JsonValueKind.Null, _):
            case (_, JsonValueKind.Null):
                break;
            default:
                if (example.ValueKind != real.ValueKind)
                {
                    wrong.Add($"{where}: {example.ValueKind} in the example, {real.ValueKind} in truth");
                }
                break;
        }
    }

    private static IReadOnlyList<string> Keys(JsonElement element) => [.. element.EnumerateObject().Select(member => member.Name)];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
