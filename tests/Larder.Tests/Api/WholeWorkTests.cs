using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Larder.Engine.Access;

namespace Larder.Tests.Api;

/// <summary>What the command line does, done over HTTP.</summary>
public sealed class WholeWorkTests
{
    [Fact]
    public async Task A_backup_is_proved_restored_rolled_back_downloaded_pinned_and_removed()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Owner);
        var made = await desk.RunAsync("POST", "/api/backups", token, """{"job":"journal","tags":["pre-deploy"]}""");
        var id = made.GetProperty("backup_id").GetString()!;

        Assert.True((await desk.ExpectAsync(200, "POST", "/api/backups", token, """{"dry_run":true}""")).Json.GetProperty("dry_run").GetBoolean());
        var shown = (await desk.ExpectAsync(200, "GET", $"/api/backups/{id[..8]}", token)).Json;
        Assert.Equal(2, shown.GetProperty("manifest").GetProperty("sources").GetArrayLength());
        Assert.Equal("success", (await desk.RunAsync("POST", "/api/verify", token, """{"jobs":["journal"],"level":"content"}""")).GetProperty("status").GetString());
        Assert.Equal("success", (await desk.RunAsync("POST", "/api/drills", token, """{"name":"journal"}""")).GetProperty("status").GetString());
        var proof = (await desk.ExpectAsync(200, "GET", "/api/report", token)).Json.GetProperty("jobs")[0];
        Assert.Equal(id, proof.GetProperty("last_good").GetProperty("backup_id").GetString());
        Assert.Equal(2, (await desk.ExpectAsync(200, "GET", "/api/stats", token)).Json.GetProperty("repositories").GetArrayLength());
        var files = (await desk.ExpectAsync(200, "GET", "/api/backups/latest/files?path=code", token)).Json;
        Assert.NotEmpty(files.EnumerateArray());

        await File.WriteAllTextAsync(desk.Desk["code/app/main.py"], "print('changed')\n");
        var restore = """{"backup":"latest","only":["code"]}""";
        var missing = await desk.ExpectAsync(428, "POST", "/api/backups/restore", token, restore);
        Assert.Equal(("LARDER-033", id), (missing.Code, missing.Json.GetProperty("plan").GetProperty("backup_id").GetString()));
        Assert.Equal("print('changed')\n", await File.ReadAllTextAsync(desk.Desk["code/app/main.py"]));
        var restored = await desk.RunAsync("POST", "/api/backups/restore", token, """{"backup":"latest","only":["code"],"confirm":true}""");
        Assert.Equal("print('journal')\n", await File.ReadAllTextAsync(desk.Desk["code/app/main.py"]));
        await desk.ExpectAsync(428, "POST", "/api/rollback", token, "{}");
        await desk.RunAsync("POST", "/api/rollback", token, $$"""{"run":"{{restored.GetProperty("run_id").GetString()}}","confirm":true}""");
        Assert.Equal("print('changed')\n", await File.ReadAllTextAsync(desk.Desk["code/app/main.py"]));

        var download = await desk.ExpectAsync(200, "GET", "/api/backups/latest/download", token);
        Assert.Matches("^attachment; filename=\"?journal_backup_[0-9_]+\\.tar\\.gz\"?", download.Headers["Content-Disposition"]);
        var names = new List<string>();
        await using (var tar = new TarReader(new GZipStream(new MemoryStream(download.Bytes), CompressionMode.Decompress)))
        {
            while (await tar.GetNextEntryAsync() is { } entry)
            {
                names.Add(entry.Name);
            }
        }
        Assert.Contains(names, name => name.EndsWith("code/app/main.py", StringComparison.Ordinal));
        var sql = await desk.ExpectAsync(200, "GET", "/api/backups/latest/download?format=sql.gz&only=db", token);
        using var text = new StreamReader(new GZipStream(new MemoryStream(sql.Bytes), CompressionMode.Decompress));
        Assert.Contains("INSERT INTO", await text.ReadToEndAsync(), StringComparison.Ordinal);

        Assert.True((await desk.ExpectAsync(200, "PUT", $"/api/backups/{id}/pin", token)).Json.GetProperty("backups")[0].GetProperty("pinned").GetBoolean());
        Assert.True((await desk.ExpectAsync(200, "GET", "/api/backups", token)).Json[0].GetProperty("pinned").GetBoolean());
        var failed = await desk.ExpectAsync(202, "DELETE", $"/api/backups/{id}", token, """{"confirm":true,"force":true}""");
        var end = (await desk.FollowAsync(failed.Json.GetProperty("id").GetString()!, token))[^1].Data;
        Assert.Equal("LARDER-035", end.GetProperty("error").GetProperty("code").GetString());
        Assert.False((await desk.ExpectAsync(200, "DELETE", $"/api/backups/{id}/pin", token)).Json.GetProperty("backups")[0].GetProperty("pinned").GetBoolean());
        await desk.ExpectAsync(428, "DELETE", $"/api/backups/{id}", token);
        var removed = await desk.RunAsync("DELETE", $"/api/backups/{id}", token, """{"confirm":true,"force":true}""");
        Assert.Equal(1, removed.GetProperty("deleted").GetArrayLength());
        Assert.Empty((await desk.ExpectAsync(200, "GET", "/api/backups", token)).Json.EnumerateArray());
        Assert.True(desk.Audit.Verify().IsWhole);
    }

    [Fact]
    public async Task A_second_person_agrees_to_exactly_one_request()
    {
        await using var desk = await ApiDesk.OpenAsync("access: { second_person: true }");
        var (ada, grace) = (desk.TokenOf(Role.Admin), desk.TokenOf(Role.Owner));
        await desk.RunAsync("POST", "/api/backups", ada, "{}");
        string Body(string more = "") => $$"""{"confirm":true,"force":true{{more}}}""";

        var asked = await desk.ExpectAsync(202, "DELETE", "/api/backups/latest", ada, Body());
        var approval = asked.Json.GetProperty("approval").GetProperty("id").GetString()!;
        Assert.Equal($"/api/approvals/{approval}", asked.Headers["Location"]);
        var named = $",\"approval\":\"{approval}\"";
        Assert.Equal("LARDER-112", (await desk.ExpectAsync(409, "DELETE", "/api/backups/latest", ada, Body(named))).Code); // Nobody agreed yet.
        Assert.Equal("LARDER-112", (await desk.ExpectAsync(409, "POST", $"/api/approvals/{approval}", ada)).Code); // Not oneself.
        Assert.Single((await desk.ExpectAsync(200, "GET", "/api/approvals", grace)).Json.EnumerateArray());
        await desk.ExpectAsync(200, "POST", $"/api/approvals/{approval}", grace);
        Assert.Equal("LARDER-112", (await desk.ExpectAsync(409, "POST", "/api/backups/cleanup", ada, $$"""{"confirm":true{{named}}}""")).Code); // Another request.
        Assert.Equal("LARDER-112", (await desk.ExpectAsync(409, "DELETE", "/api/backups/latest", grace, Body(named))).Code); // Another person.

        await desk.RunAsync("DELETE", "/api/backups/latest", ada, Body(named));

        Assert.Empty((await desk.ExpectAsync(200, "GET", "/api/backups", ada)).Json.EnumerateArray());
        await desk.RunAsync("POST", "/api/backups", ada, "{}");
        Assert.Equal("LARDER-112", (await desk.ExpectAsync(409, "DELETE", "/api/backups/latest", ada, Body(named))).Code); // Once.
    }

    [Fact]
    public async Task Users_and_tokens_are_managed_and_nobody_gives_more_than_they_have()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var owner = desk.TokenOf(Role.Owner);
        var grace = """{"name":"grace","role":"operator","password":"eleven brave herons fly"}""";
        await desk.ExpectAsync(201, "POST", "/api/users", owner, grace);
        Assert.Equal("LARDER-100", (await desk.ExpectAsync(422, "POST", "/api/users", owner, grace)).Code);
        Assert.Equal("LARDER-100", (await desk.ExpectAsync(422, "POST", "/api/users", owner, """{"name":"a b","role":"viewer","password":"eleven brave herons"}""")).Code);
        Assert.Equal("LARDER-100", (await desk.ExpectAsync(422, "POST", "/api/users", owner, """{"name":"kai","role":"viewer","password":"short"}""")).Code);
        Assert.Equal("admin", (await desk.ExpectAsync(200, "PUT", "/api/users/grace/role", owner, """{"role":"admin"}""")).Json.GetProperty("role").GetString());
        Assert.Equal("LARDER-102", (await desk.ExpectAsync(409, "DELETE", "/api/users/owner", owner)).Code);
        await desk.ExpectAsync(204, "DELETE", "/api/users/grace", owner);
        await desk.ExpectAsync(404, "GET", "/api/users/grace", owner);

        var narrow = desk.TokenOf(Role.Owner, [Scope.Admin, Scope.Read], ["journal"]);
        Assert.Equal("LARDER-109", (await desk.ExpectAsync(403, "POST", "/api/tokens", narrow, """{"name":"x","scopes":["data"],"jobs":["journal"]}""")).Code);
        Assert.Equal("LARDER-109", (await desk.ExpectAsync(403, "POST", "/api/tokens", narrow, """{"name":"x","scopes":["read"]}""")).Code);
        var made = (await desk.ExpectAsync(201, "POST", "/api/tokens", narrow, """{"name":"x","scopes":["read"],"jobs":["journal"],"expires_in":"1d"}""")).Json;
        var (secret, id) = (made.GetProperty("token").GetString()!, made.GetProperty("id").GetString()!);
        await desk.ExpectAsync(200, "GET", "/api/jobs", secret);
        await desk.ExpectAsync(200, "DELETE", $"/api/tokens/{id}", owner);
        await desk.ExpectAsync(401, "GET", "/api/jobs", secret);
        var listed = await desk.ExpectAsync(200, "GET", "/api/tokens?all=true", owner);
        Assert.DoesNotContain(secret, listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_for_one_job_sees_nothing_of_the_others()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration:
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs:
              one: { sources: { out: { command: { run: "echo one", name: out.txt } } } }
              two: { sources: { out: { command: { run: "echo two", name: out.txt } } } }
            """);
        var (owner, one) = (desk.TokenOf(Role.Owner), desk.TokenOf(Role.Owner, null, ["one"]));
        await desk.RunAsync("POST", "/api/backups", one, "{}"); // The only job that it can mean.
        var two = (await desk.RunAsync("POST", "/api/backups", owner, """{"job":"two"}""")).GetProperty("backup_id").GetString();
        Assert.Equal(400, (await desk.SendAsync("POST", "/api/backups", owner, "{}")).Status); // Which?

        string Jobs(Heard heard) => string.Join(' ', heard.Json.EnumerateArray().Select(each => each.GetProperty("job").GetString()).Distinct());
        Assert.Equal("one", Jobs(await desk.ExpectAsync(200, "GET", "/api/backups", one)));
        Assert.Equal("one", Jobs(await desk.ExpectAsync(200, "GET", "/api/runs", one)));
        Assert.Single((await desk.ExpectAsync(200, "GET", "/api/jobs", one)).Json.EnumerateArray());
        var foreign = (await desk.ExpectAsync(200, "GET", "/api/runs?job=two", owner)).Json[0].GetProperty("id").GetString();
        foreach (var (method, path, body) in new[]
        {
            ("GET", $"/api/backups/{two}", null), ("GET", "/api/backups/two:latest/download", null), ("GET", $"/api/runs/{foreign}", null),
            ("GET", $"/api/runs/{foreign}/events", null), ("DELETE", $"/api/runs/{foreign}", null), ("GET", "/api/jobs/two", null),
            ("POST", "/api/backups", """{"job":"two"}"""), ("DELETE", $"/api/backups/{two}", """{"confirm":true,"force":true}"""),
            ("POST", "/api/backups/restore", $$"""{"backup":"{{two}}","confirm":true}"""), ("POST", "/api/verify", """{"jobs":["two"]}"""),
            ("POST", "/api/drills", """{"name":"two"}"""), ("POST", "/api/backups/cleanup", """{"job":"two","confirm":true}"""), ("PUT", $"/api/backups/{two}/pin", null),
        })
        {
            Assert.Equal((path, 404), (path, (await desk.SendAsync(method, path, one, body)).Status));
        }
        Assert.Equal(403, (await desk.SendAsync("POST", "/api/backups/cleanup", one, """{"confirm":true}""")).Status);
        Assert.Equal(403, (await desk.SendAsync("POST", "/api/verify", one, "{}")).Status);
    }

    [Fact]
    public async Task A_run_that_waits_is_cancelled_and_one_that_is_waited_for_answers_with_its_end()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration:
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs:
              slow: { sources: { out: { command: { run: "echo begun; cat {0}/gate", name: out.txt } } } }
            """);
        var token = desk.TokenOf(Role.Operator);
        (await Larder.Testing.ChildProcess.RunAsync(new Larder.Testing.ChildCommand("mkfifo", desk.Desk["gate"]))).Expect();
        var first = (await desk.ExpectAsync(202, "POST", "/api/backups", token, "{}")).Json.GetProperty("id").GetString()!;
        var second = (await desk.ExpectAsync(202, "POST", "/api/backups", token, "{}")).Json.GetProperty("id").GetString()!;
        Assert.Equal("waiting", (await desk.ExpectAsync(200, "GET", $"/api/runs/{second}", token)).Json.GetProperty("progress").GetProperty("phase").GetString());

        await desk.ExpectAsync(202, "DELETE", $"/api/runs/{second}", token);
        Assert.Equal("cancelled", (await desk.FollowAsync(second, token))[^1].Data.GetProperty("status").GetString());
        await File.WriteAllTextAsync(desk.Desk["gate"], "the rest\n"); // Opens the gate: the source has its second half.
        Assert.Equal("success", (await desk.FollowAsync(first, token))[^1].Data.GetProperty("status").GetString());
        Assert.Equal(404, (await desk.SendAsync("DELETE", $"/api/runs/{first}", token)).Status);

        File.Delete(desk.Desk["gate"]);
        await File.WriteAllTextAsync(desk.Desk["gate"], "all\n");
        var waited = await desk.ExpectAsync(200, "POST", "/api/backups", token, "{}", ("Prefer", "wait=100"));
        Assert.Equal("wait=100", waited.Headers["Preference-Applied"]);
        Assert.Equal(JsonValueKind.Object, waited.Json.GetProperty("report").ValueKind);
    }
}
