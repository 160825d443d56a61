using System.Text.Json;
using Larder.Engine.Access;
using Larder.Testing;

namespace Larder.Tests.Api;

/// <summary>Two persons, where the configuration wants two: who they may be, for what, and for how long.</summary>
public sealed class SecondPersonTests
{
    private const string Restore = "/api/backups/restore";

    [Fact]
    public async Task A_restore_waits_for_another_administrator_and_a_backup_for_nobody()
    {
        await using var desk = await ApiDesk.OpenAsync("access: { second_person: true }");
        var (ada, grace, operators) = (desk.TokenOf(Role.Admin), desk.TokenOf(Role.Owner), desk.TokenOf(Role.Operator));
        await desk.RunAsync("POST", "/api/backups", operators, "{}"); // Nothing is destroyed by it.
        await File.WriteAllTextAsync(desk.Desk["code/app/main.py"], "print('broken')\n");

        await desk.ExpectAsync(428, "POST", Restore, ada, """{"backup":"latest","only":["code"]}"""); // First it must be meant.
        await desk.ExpectAsync(200, "POST", Restore, ada, """{"backup":"latest","only":["code"],"dry_run":true}""");
        Assert.Empty((await desk.ExpectAsync(200, "GET", "/api/approvals", grace)).Json.EnumerateArray());
        var asked = await desk.ExpectAsync(202, "POST", Restore, ada, Body());
        var approval = asked.Json.GetProperty("approval");
        Assert.Equal(("restore.begin", "admin"), (Text(approval, "action"), Text(approval, "requested_by")));
        Assert.StartsWith("journal:", Text(approval, "target"), StringComparison.Ordinal);
        Assert.Equal("code", Text(asked.Json.GetProperty("plan").GetProperty("lines")[0], "source")); // The second person sees what for.
        var id = Text(approval, "id");
        Assert.Equal("print('broken')\n", await File.ReadAllTextAsync(desk.Desk["code/app/main.py"]));

        // Neither the same person by another token or by a session, nor one who may not restore at all.
        await RefusedAsync(desk, "POST", $"/api/approvals/{id}", desk.TokenOf(Role.Admin), null, 409);
        var login = await desk.ExpectAsync(200, "POST", "/api/session", null, $$"""{"name":"ADMIN","password":"{{ApiDesk.Passphrase}}"}""");
        Assert.Equal("LARDER-112", (await desk.ExpectAsync(
            409, "POST", $"/api/approvals/{id}", null, null,
            ("Cookie", login.Cookies[0].Split(';')[0]), ("X-CSRF-Token", Text(login.Json, "csrf_token")))).Code);
        Assert.Equal("LARDER-109", (await desk.ExpectAsync(403, "POST", $"/api/approvals/{id}", operators)).Code);
        await RefusedAsync(desk, "POST", Restore, ada, Body(id), 409); // Nobody agreed.

        var given = (await desk.ExpectAsync(200, "POST", $"/api/approvals/{id}", grace)).Json;
        Assert.Equal("owner", Text(given, "approved_by"));
        await RefusedAsync(desk, "POST", Restore, ada, Body(id, """["code","db"]"""), 409); // More than what was agreed to.
        await RefusedAsync(desk, "POST", Restore, grace, Body(id), 409); // Who agreed is not who asked.
        await RefusedAsync(desk, "POST", "/api/rollback", ada, $$"""{"confirm":true,"to_deploy":true,"approval":"{{id}}"}""", 404);
        await desk.RunAsync("POST", Restore, ada, $$"""{"approval":"{{id}}","only":["code"],"confirm":true,"backup":"latest"}"""); // In another order.
        Assert.Equal("print('journal')\n", await File.ReadAllTextAsync(desk.Desk["code/app/main.py"]));
        await RefusedAsync(desk, "POST", Restore, ada, Body(id), 409); // Once.

        var actions = desk.Audit.Page(1000, 0, null, "approval.give").Entries.Select(entry => (entry.What.Actor.ToLowerInvariant(), entry.What.Outcome)).ToList();
        Assert.Contains(("owner", AuditOutcome.Done), actions);
        Assert.Equal(2, actions.Count(entry => entry == ("admin", AuditOutcome.Refused)));
    }

    [Fact]
    public async Task A_yes_is_over_after_eight_hours()
    {
        await using var desk = await ApiDesk.OpenAsync("access: { second_person: true }");
        var (ada, grace) = (desk.TokenOf(Role.Admin), desk.TokenOf(Role.Owner));
        await desk.RunAsync("POST", "/api/backups", ada, "{}");

        var given = await AskAsync(desk, ada);
        await desk.ExpectAsync(200, "POST", $"/api/approvals/{given}", grace);
        var asked = await AskAsync(desk, ada);
        var document = (await desk.ExpectAsync(200, "GET", $"/api/approvals/{asked}", grace)).Json;
        Assert.Equal(
            TimeSpan.FromHours(8), document.GetProperty("expires_at").GetDateTimeOffset() - document.GetProperty("requested_at").GetDateTimeOffset());
        await HoursPassAsync(desk);

        Assert.Empty((await desk.ExpectAsync(200, "GET", "/api/approvals", grace)).Json.EnumerateArray());
        await RefusedAsync(desk, "POST", Restore, ada, Body(given), 409);
        Assert.Equal(404, (await desk.SendAsync("POST", $"/api/approvals/{asked}", grace)).Status);
        Assert.Empty((await desk.ExpectAsync(200, "GET", "/api/runs?kind=restore", ada)).Json.EnumerateArray());
    }

    [Fact]
    public async Task Calls_of_other_systems_wait_too()
    {
        await using var desk = await ApiDesk.OpenAsync("access: { second_person: true }");
        var (ada, grace) = (desk.TokenOf(Role.Admin), desk.TokenOf(Role.Owner));
        var file = Text((await desk.ExpectAsync(200, "POST", "/backups", ada)).Json, "filename");
        foreach (var (method, path, body, repeated) in new[]
        {
            ("POST", "/backups/restore", $$"""{"filename":"{{file}}"}""", $$"""{"filename":"{{file}}","approval":"ID"}"""),
            ("POST", "/backups/cleanup", null, (string?)null),
        })
        {
            var id = Text((await desk.ExpectAsync(202, method, path, ada, body)).Json.GetProperty("approval"), "id");
            await desk.ExpectAsync(200, "POST", $"/api/approvals/{id}", grace);
            var again = repeated is null ? $"{path}?approval={id}" : path;
            await desk.ExpectAsync(200, method, again, ada, repeated?.Replace("ID", id, StringComparison.Ordinal));
            Assert.Equal(409, (await desk.SendAsync(method, again, ada, repeated?.Replace("ID", id, StringComparison.Ordinal))).Status);
        }
    }

    private static string Body(string? approval = null, string only = """["code"]""") =>
        $$"""{"backup":"latest","only":{{only}},"confirm":true{{(approval is null ? "" : $",\"approval\":\"{approval}\"")}}}""";

    private static async Task<string> AskAsync(ApiDesk desk, string token) =>
        Text((await desk.ExpectAsync(202, "POST", Restore, token, Body())).Json.GetProperty("approval"), "id");

    private static async Task RefusedAsync(ApiDesk desk, string method, string path, string token, string? body, int status)
    {
        var refused = await desk.ExpectAsync(status, method, path, token, body);
        Assert.NotEmpty(Text(refused.Json, "hint"));
        Assert.True(status != 409 || refused.Code == "LARDER-112", refused.Text);
    }

    /// <summary>As if what was asked had been asked so long ago.</summary>
    private static async Task HoursPassAsync(ApiDesk desk) => (await ChildProcess.RunAsync(new ChildCommand(
        "sqlite3", desk.Desk["state/catalog.db"], ".timeout 5000", "UPDATE approvals SET expires_at = requested_at;"))).Expect();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
