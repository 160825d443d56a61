namespace Larder.Tests.Api;

/// <summary>From the first start to the first backup, as somebody meets it who has only a link and curl.</summary>
public sealed class FirstDayTests
{
    [Fact]
    public async Task The_link_makes_the_owner_who_logs_in_makes_a_token_and_backs_up()
    {
        await using var desk = await ApiDesk.OpenAsync();
        Assert.Equal("LARDER-107", (await desk.ExpectAsync(401, "GET", "/api/backups")).Code); // Open to nobody.

        var link = desk.OwnerLink!.Split('#')[1];
        var owner = $$"""{"link":"{{link}}","name":"ada","password":"{{ApiDesk.Passphrase}}"}""";
        Assert.Equal("owner", (await desk.ExpectAsync(201, "POST", "/api/owner", null, owner)).Json.GetProperty("role").GetString());
        Assert.Equal("LARDER-105", (await desk.ExpectAsync(403, "POST", "/api/owner", null, owner)).Code); // It works once.

        var login = await desk.ExpectAsync(200, "POST", "/api/session", null, $$"""{"name":"ada","password":"{{ApiDesk.Passphrase}}"}""");
        var cookie = Assert.Single(login.Cookies);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        (string, string)[] session = [("Cookie", cookie.Split(';')[0]), ("X-CSRF-Token", login.Json.GetProperty("csrf_token").GetString()!)];

        var wanted = """{"name":"deployment","scopes":["read","backup"],"jobs":["journal"]}""";
        Assert.Equal("LARDER-110", (await desk.ExpectAsync(403, "POST", "/api/tokens", null, wanted, session[0])).Code);
        var token = (await desk.ExpectAsync(201, "POST", "/api/tokens", null, wanted, session)).Json.GetProperty("token").GetString()!;
        Assert.StartsWith("larder_", token, StringComparison.Ordinal);

        var begun = await desk.ExpectAsync(202, "POST", "/api/backups", token, """{"job":"journal","description":"first"}""");
        var run = begun.Json.GetProperty("id").GetString()!;
        Assert.Equal($"/api/runs/{run}", begun.Headers["Location"]);
        var events = await desk.FollowAsync(run, token);
        Assert.Equal(("run", "success"), (events[^1].Name, events[^1].Data.GetProperty("status").GetString()));
        var made = events[^1].Data.GetProperty("report");
        Assert.Equal("ada", made.GetProperty("created_by").GetString());

        var list = await desk.ExpectAsync(200, "GET", "/api/backups", token);
        var backup = Assert.Single(list.Json.EnumerateArray());
        Assert.Equal(made.GetProperty("backup_id").GetString(), backup.GetProperty("backup_id").GetString());
        Assert.Equal("first", backup.GetProperty("description").GetString());
        Assert.Equal("1", list.Headers["X-Total-Count"]);
        await desk.ExpectAsync(304, "GET", "/api/backups", token, null, ("If-None-Match", list.Headers["ETag"]));

        var (entries, _) = desk.Audit.Page(100, 0);
        Assert.Equal(
            ["session.owner", "session.owner", "session.login", "access", "token.create", "backup.create"],
            entries.Reverse().Select(entry => entry.What.Action));
        Assert.True(desk.Audit.Verify().IsWhole);
    }

    [Fact]
    public async Task A_request_that_is_repeated_with_its_key_begins_nothing_twice()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Engine.Access.Role.Operator);
        (string, string) key = ("Idempotency-Key", "nightly-2026-01-05");

        var first = await desk.ExpectAsync(202, "POST", "/api/backups", token, "{}", key);
        var again = await desk.ExpectAsync(202, "POST", "/api/backups", token, "{}", key);

        Assert.Equal(first.Json.GetProperty("id").GetString(), again.Json.GetProperty("id").GetString());
        Assert.Equal("true", again.Headers["Idempotent-Replayed"]);
        Assert.Equal("LARDER-114", (await desk.ExpectAsync(422, "POST", "/api/backups", token, """{"description":"other"}""", key)).Code);
        await desk.FollowAsync(first.Json.GetProperty("id").GetString()!, token);
        Assert.Single((await desk.ExpectAsync(200, "GET", "/api/runs", token)).Json.EnumerateArray());
    }
}
