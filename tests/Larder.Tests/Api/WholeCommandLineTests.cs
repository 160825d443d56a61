using System.Text.Json;
using Larder.Engine.Access;
using Larder.Repository;
using Larder.Repository.Storage;
using Larder.Testing.Servers;
using Larder.Tests.Cli;

namespace Larder.Tests.Api;

/// <summary>Commands that look after an installation, done over HTTP: the same documents, and problems with a hint.</summary>
public sealed class WholeCommandLineTests
{
    [Fact]
    public async Task The_doctor_and_the_self_tests_say_what_the_command_line_says()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Operator);
        await desk.RunAsync("POST", "/api/backups", token, "{}");

        var sound = (await desk.ExpectAsync(200, "GET", "/api/doctor", token)).Json;
        var typed = (await desk.Desk.RunAsync("doctor", "--json")).Json;
        Assert.Equal(Subjects(typed), Subjects(sound));
        Assert.Contains("source journal/db ok", Statuses(sound));
        Assert.Contains("backups journal ok", Statuses(sound));

        var all = await desk.RunAsync("POST", "/api/self-tests", token, "{}");
        Assert.Equal("success", all.GetProperty("status").GetString());
        Assert.Equal(
            ["executable", "database", "backup", "integrity", "restore", "cleanup", "stats", "schedule"],
            all.GetProperty("tests").EnumerateArray().Select(test => test.GetProperty("name").GetString()));
        Assert.Equal("success", (await desk.ExpectAsync(200, "GET", "/api/runs?kind=test", token)).Json[0].GetProperty("status").GetString());

        File.Delete(desk.Desk["journal.db"]);
        var ill = (await desk.ExpectAsync(200, "GET", "/api/doctor", token)).Json;
        Assert.Equal("problem", ill.GetProperty("status").GetString());
        Assert.Contains("source journal/db problem", Statuses(ill));
        var id = (await desk.ExpectAsync(202, "POST", "/api/self-tests", token, """{"test":"database"}""")).Json.GetProperty("id").GetString()!;
        var end = (await desk.FollowAsync(id, token))[^1].Data;
        Assert.Equal("failed", end.GetProperty("status").GetString());
        Assert.Equal("failed", end.GetProperty("report").GetProperty("tests")[0].GetProperty("status").GetString());
        Assert.Contains("journal/db", end.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        var unknown = await desk.ExpectAsync(400, "POST", "/api/self-tests", token, """{"test":"luck"}""");
        Assert.Contains("executable", Text(unknown.Json, "detail"), StringComparison.Ordinal);
        Assert.NotEmpty(Text(unknown.Json, "hint"));
    }

    [Fact]
    public async Task An_index_is_written_anew_and_locks_are_removed()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Admin);
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        var packs = (await desk.RunAsync("POST", "/api/verify", token, "{}")).GetProperty("checked").GetProperty("packs").GetInt32();
        Directory.Delete(desk.Desk["repository/index"], recursive: true);
        Directory.CreateDirectory(desk.Desk["repository/index"]);

        var repaired = await desk.RunAsync("POST", "/api/repositories/local/repair-index", token, "");
        var line = Assert.Single(repaired.GetProperty("repositories").EnumerateArray());
        Assert.Equal(("local", packs), (Text(line, "repository"), line.GetProperty("packs").GetInt32()));
        Assert.Empty(line.GetProperty("unreadable_packs").EnumerateArray());
        Assert.Equal("success", Text(await desk.RunAsync("POST", "/api/verify", token, """{"repository":"local"}"""), "status"));
        Assert.Equal("LARDER-021", (await desk.ExpectAsync(404, "POST", "/api/repositories/attic/repair-index", token)).Code);

        // A pack whose header is gone stays where it is, in no index; the run says so, and is not green.
        var pack = Directory.GetFiles(desk.Desk["repository/data"], "*", SearchOption.AllDirectories)[0];
        File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(pack, (await File.ReadAllBytesAsync(pack))[..^10]);
        var partial = (await desk.ExpectAsync(200, "POST", "/api/repositories/local/repair-index", token, null, ("Prefer", "wait=100"))).Json;
        Assert.Equal(("partial", "repair", 5), (Text(partial, "status"), Text(partial, "kind"), partial.GetProperty("exit_status").GetInt32()));
        Assert.Equal("LARDER-037", Text(partial.GetProperty("error"), "code"));
        Assert.Equal(
            Path.GetFileName(pack), Assert.Single(partial.GetProperty("report").GetProperty("repositories")[0].GetProperty("unreadable_packs").EnumerateArray()).GetString());

        using var storage = new LocalStorage(desk.Desk["second"]);
        using var open = await Larder.Repository.Repository.OpenAsync(
            storage, Desk.Password, new RepositoryOptions(), TestContext.Current.CancellationToken);
        var held = await RepositoryLock.AcquireAsync(open, LockMode.Shared, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await desk.ExpectAsync(200, "POST", "/api/repositories/second/unlock", token)).Json.GetProperty("removed").GetInt32());
        var removed = (await desk.ExpectAsync(200, "POST", "/api/repositories/second/unlock", token, """{"all":true}""")).Json;
        Assert.Equal(1, removed.GetProperty("removed").GetInt32());
        Assert.Contains(desk.Audit.Page(100, 0, null, "repository.unlock").Entries, entry => entry.What.Target == "second all");
        await held.DisposeAsync();
    }

    [Fact]
    public async Task The_configuration_is_shown_without_secrets_and_another_is_checked_without_being_kept()
    {
        await using var desk = await ApiDesk.OpenAsync(prepare: laid => laid.Variables["ATTIC"] = "a-value-of-a-variable");
        var (admin, owner) = (desk.TokenOf(Role.Admin), desk.TokenOf(Role.Owner));
        var written = await File.ReadAllTextAsync(desk.Desk["larder.yaml"]);

        var shown = await desk.ExpectAsync(200, "GET", "/api/configuration", admin);
        Assert.DoesNotContain(Desk.Password, shown.Text, StringComparison.Ordinal);
        Assert.Equal(JsonSerializer.Serialize((await desk.Desk.RunAsync("config", "show", "--json")).Json), JsonSerializer.Serialize(shown.Json));
        Assert.Equal("***", Text(shown.Json.GetProperty("repositories").GetProperty("local"), "password"));
        var valid = (await desk.ExpectAsync(200, "GET", "/api/configuration/validation", admin)).Json;
        Assert.True(valid.GetProperty("valid").GetBoolean());
        Assert.Equal(desk.Desk["larder.yaml"], Text(valid, "file"));

        var other = JsonSerializer.Serialize(new { yaml = written.Replace("to: [local]", "to: [attic]", StringComparison.Ordinal) });
        var tried = await desk.ExpectAsync(200, "POST", "/api/configuration/validation", owner, other);
        Assert.False(tried.Json.GetProperty("valid").GetBoolean());
        Assert.StartsWith("jobs.journal.to", Text(tried.Json.GetProperty("problems")[0], "key"), StringComparison.Ordinal);
        Assert.DoesNotContain(Desk.Password, tried.Text, StringComparison.Ordinal);
        var alerting = JsonSerializer.Serialize(new { yaml = written + "\nalerts: [{ webhook: http://10.9.8.7/hook }]\n" });
        var warned = (await desk.ExpectAsync(200, "POST", "/api/configuration/validation", owner, alerting)).Json;
        Assert.Equal("alerts[0].allow: [10.9.8.7]", Text(Assert.Single(warned.GetProperty("warnings").EnumerateArray()), "suggestion"));
        Assert.Equal(written, await File.ReadAllTextAsync(desk.Desk["larder.yaml"]));
        foreach (var broken in new[] { "", ":", "a: [", "\u0000", "jobs: 7" })
        {
            var said = await desk.ExpectAsync(200, "POST", "/api/configuration/validation", owner, JsonSerializer.Serialize(new { yaml = broken }));
            Assert.NotEmpty(said.Json.GetProperty("problems").EnumerateArray());
        }
        Assert.Equal("LARDER-109", (await desk.ExpectAsync(403, "POST", "/api/configuration/validation", admin, other)).Code);

        // What is written now has a problem, and does not count.
        await File.WriteAllTextAsync(desk.Desk["larder.yaml"], written + "\nnonsense: true\n");
        Assert.False((await desk.ExpectAsync(200, "GET", "/api/configuration/validation", admin)).Json.GetProperty("valid").GetBoolean());
        Assert.Equal(shown.Text, (await desk.ExpectAsync(200, "GET", "/api/configuration", admin)).Text);
        Assert.StartsWith(
            "#", Text((await desk.ExpectAsync(200, "GET", "/api/configuration/example", desk.TokenOf(Role.Viewer))).Json, "yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Channels_are_tried_one_by_one_or_all()
    {
        await using var works = new WebhookServer();
        await using var fails = new WebhookServer { Answer = _ => 403 };
        await using var desk = await ApiDesk.OpenAsync(
            $$"""
            alerts:
              - { webhook: { url: "{{works.Url()}}" }, allow: [127.0.0.0/8] }
              - { webhook: { url: "{{fails.Url("/hook/secret")}}" }, allow: [127.0.0.0/8] }
            """);
        var token = desk.TokenOf(Role.Admin);

        var one = (await desk.ExpectAsync(200, "POST", "/api/alerts/test", token, """{"channel":"webhook"}""")).Json;
        Assert.Equal([("webhook", "success", null)], Tried(one));
        JsonElement post;
        do
        {
            post = (await works.ReceiveAsync(TestContext.Current.CancellationToken)).Json; // The service's own alerts come too.
        }
        while (Text(post, "key") != "test:");
        Assert.Contains("Nothing is wrong", Text(post, "message"), StringComparison.Ordinal);
        var both = await desk.ExpectAsync(200, "POST", "/api/alerts/test", token);
        Assert.Equal([("webhook", "success"), ("webhook-2", "failed")], Tried(both.Json).Select(line => (line.Channel, line.Status)));
        Assert.DoesNotContain("secret", both.Text, StringComparison.Ordinal);
        var unknown = await desk.ExpectAsync(404, "POST", "/api/alerts/test", token, """{"channel":"pigeon"}""");
        Assert.Contains("webhook-2", Text(unknown.Json, "detail"), StringComparison.Ordinal);
        Assert.Contains(desk.Audit.Page(100, 0, null, "monitor.test").Entries, entry => entry.What.Target == "webhook success webhook-2 failed");
    }

    [Fact]
    public async Task A_folder_is_listed_to_its_ground_a_part_at_a_time_and_from_the_repository_that_is_named()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Admin);
        await desk.RunAsync("POST", "/api/backups", token, """{"repository":"second"}""");
        Assert.Equal("second", (await desk.ExpectAsync(200, "GET", "/api/backups?repository=second", token)).Json[0].GetProperty("repositories")[0].GetString());
        Assert.Empty((await desk.ExpectAsync(200, "GET", "/api/backups?repository=local", token)).Json.EnumerateArray());
        var narrow = desk.TokenOf(Role.Operator, null, ["journal"]);
        Assert.Equal("LARDER-021", (await desk.ExpectAsync(404, "POST", "/api/backups", narrow, """{"repository":"second"}""")).Code); // Not the job's.

        var typed = (await desk.Desk.RunAsync("ls", "latest", "--json")).Json;
        var whole = (await desk.ExpectAsync(200, "GET", "/api/backups/latest/files?recursive=true&repository=second", token)).Json;
        Assert.Equal(Paths(typed), Paths(whole));
        Assert.Contains(Paths(whole), path => path.EndsWith("code/app/main.py", StringComparison.Ordinal));
        var (parts, next) = (new List<string>(), (string?)"/api/backups/latest/files?recursive=true&limit=2");
        while (next is not null)
        {
            var part = await desk.ExpectAsync(200, "GET", next, token);
            parts.AddRange(Paths(part.Json));
            next = part.Headers.TryGetValue("Link", out var link) ? link[1..link.IndexOf('>', StringComparison.Ordinal)] : null;
        }
        Assert.Equal(Paths(whole), parts);
        Assert.Equal(404, (await desk.SendAsync("GET", "/api/backups/latest/files?repository=attic", token)).Status);
        Assert.Equal(404, (await desk.SendAsync("GET", "/api/backups/latest/files?path=attic", token)).Status);

        var plan = (await desk.ExpectAsync(200, "POST", "/api/backups/cleanup", token, """{"dry_run":true,"repository":"second"}""")).Json;
        Assert.Equal("second", Text(Assert.Single(plan.GetProperty("repositories").EnumerateArray()), "repository"));
        Assert.Equal("success", Text(await desk.RunAsync("POST", "/api/backups/cleanup", token, """{"confirm":true,"repository":"second"}"""), "status"));
    }

    [Fact]
    public async Task What_comes_next_is_listed_and_the_backups_of_a_cadence_run_now_and_once()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration:
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs:
              one: { sources: { out: { command: { run: "echo one", name: out.txt } } }, schedule: "0 2 * * *" }
              two: { sources: { out: { command: { run: "echo two", name: out.txt } } }, schedule: "30 2 * * *", verify: { cron: "0 5 * * 0" } }
            """);
        var (all, one) = (desk.TokenOf(Role.Operator), desk.TokenOf(Role.Operator, null, ["one"]));

        var next = (await desk.ExpectAsync(200, "GET", "/api/schedule", all)).Json;
        Assert.Equal(
            ["one backup 0 2 * * *", "two backup 30 2 * * *", "two verify 0 5 * * 0"],
            next.EnumerateArray().Select(line => $"{Text(line, "job")} {Text(line, "kind")} {Text(line, "cron")}").Order(StringComparer.Ordinal));
        Assert.All(next.EnumerateArray(), line => Assert.True(line.GetProperty("due").GetDateTimeOffset() > TimeProvider.System.GetUtcNow()));
        Assert.Equal("one", Text(Assert.Single((await desk.ExpectAsync(200, "GET", "/api/schedule", one)).Json.EnumerateArray()), "job"));

        (string, string)[] headers = [("Prefer", "wait=100"), ("Idempotency-Key", "nightly")];
        var ran = await desk.ExpectAsync(200, "POST", "/api/schedule/daily", all, "{}", headers);
        Assert.Equal(["one success", "two success"], ran.Json.EnumerateArray().Select(run => $"{Text(run, "job")} {Text(run, "status")}"));
        var again = await desk.ExpectAsync(200, "POST", "/api/schedule/daily", all, "{}", headers);
        Assert.Equal("true", again.Headers["Idempotent-Replayed"]);
        Assert.Equal(Ids(ran.Json), Ids(again.Json));
        var limited = await desk.ExpectAsync(200, "POST", "/api/schedule/daily", one, "", ("Prefer", "wait=100"));
        Assert.Equal("one", Text(Assert.Single(limited.Json.EnumerateArray()), "job"));
        Assert.Equal(404, (await desk.SendAsync("POST", "/api/schedule/daily", one, """{"jobs":["two"]}""")).Status);
        Assert.NotEmpty(Text((await desk.ExpectAsync(400, "POST", "/api/schedule/monthly", all)).Json, "hint"));
        Assert.Equal(400, (await desk.SendAsync("POST", "/api/schedule/yearly", all)).Status);
    }

    [Fact]
    public async Task The_evidence_of_a_drill_is_genuine_until_somebody_touches_it()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Operator);
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        var backup = (await desk.ExpectAsync(200, "GET", "/api/runs?kind=backup", token)).Json[0].GetProperty("id").GetString();
        await desk.RunAsync("POST", "/api/drills", token, """{"name":"journal"}""");
        var run = (await desk.ExpectAsync(200, "GET", "/api/runs?kind=drill", token)).Json[0].GetProperty("id").GetString()!;

        var genuine = (await desk.ExpectAsync(200, "GET", $"/api/drills/{run}/evidence", token)).Json;
        var file = desk.Desk[$"state/drills/{run}.json"];
        Assert.Equal(
            JsonSerializer.Serialize((await desk.Desk.RunAsync("drill", "--check", file, "--json")).Json), JsonSerializer.Serialize(genuine));
        Assert.Equal("success", Text(genuine, "status"));
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\"success\"", "\"Success\"", StringComparison.Ordinal));
        var forged = await desk.ExpectAsync(422, "GET", $"/api/drills/{run}/evidence", token);
        Assert.Equal("LARDER-017", forged.Code);
        Assert.NotEmpty(Text(forged.Json, "hint"));
        Assert.Equal(404, (await desk.SendAsync("GET", $"/api/drills/{backup}/evidence", token)).Status);
        Assert.Equal(404, (await desk.SendAsync("GET", "/api/drills/..%2Fkeys/evidence", token)).Status);
    }

    [Fact]
    public async Task The_backup_before_a_deployment_is_restored_and_what_makes_no_sense_is_refused()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Admin);
        Assert.Equal("LARDER-025", (await desk.ExpectAsync(404, "POST", "/api/rollback", token, """{"to_deploy":true}""")).Code);
        var deploy = (await desk.RunAsync("POST", "/api/backups", token, """{"tags":["pre-deploy"]}""")).GetProperty("backup_id").GetString();
        await File.WriteAllTextAsync(desk.Desk["code/app/main.py"], "print('broken')\n");
        await desk.RunAsync("POST", "/api/backups", token, "{}");

        var plan = await desk.ExpectAsync(428, "POST", "/api/rollback", token, """{"to_deploy":true,"only":["code"]}""");
        Assert.Equal(deploy, Text(plan.Json.GetProperty("plan"), "backup_id"));
        await desk.RunAsync("POST", "/api/rollback", token, """{"to_deploy":true,"only":["code"],"confirm":true}""");
        Assert.Equal("print('journal')\n", await File.ReadAllTextAsync(desk.Desk["code/app/main.py"]));
        foreach (var (path, body) in new[]
        {
            ("/api/rollback", """{"to_deploy":true,"run":"0193c8d2"}"""), ("/api/rollback", """{"only":["code"]}"""),
            ("/api/backups/restore", """{"backup":"latest","schema_only":true,"data_only":true}"""),
            ("/api/backups/restore", """{"backup":"latest","jobs":0}"""), ("/api/backups/restore", """{"backup":"latest","jobs":17}"""),
        })
        {
            var refused = await desk.ExpectAsync(400, "POST", path, token, body);
            Assert.Equal(("LARDER-003", false), (refused.Code, string.IsNullOrEmpty(Text(refused.Json, "hint"))));
        }
    }

    [Fact]
    public async Task A_restore_that_was_interrupted_is_finished_when_somebody_asks()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Admin);
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        Assert.Empty((await desk.ExpectAsync(200, "POST", "/api/restores/resume", token)).Json.EnumerateArray());
        await desk.RunAsync("POST", "/api/backups/restore", token, """{"backup":"latest","confirm":true}""");

        // As a kill leaves it that came before the last line of the journal: everything exchanged, nothing said of the end.
        var journal = Assert.Single(Directory.GetFiles(desk.Desk["state/restores"], "*.jsonl"));
        var lines = await File.ReadAllLinesAsync(journal);
        await File.WriteAllLinesAsync(journal, lines[..^1]);
        Assert.Contains("restores  problem", Statuses((await desk.ExpectAsync(200, "GET", "/api/doctor", token)).Json));

        var recovered = await desk.RunAsync("POST", "/api/restores/resume", token, "");

        var one = Assert.Single(recovered.EnumerateArray());
        Assert.Equal(("finished", Path.GetFileNameWithoutExtension(journal)), (Text(one, "end"), Text(one, "run_id")));
        Assert.Contains("restores  ok", Statuses((await desk.ExpectAsync(200, "GET", "/api/doctor", token)).Json));
        Assert.Empty((await desk.ExpectAsync(200, "POST", "/api/restores/resume", token)).Json.EnumerateArray());
    }

    private static IEnumerable<string> Subjects(JsonElement report) => report.GetProperty("checks").EnumerateArray()
        .Select(check => $"{Text(check, "area")} {Text(check, "subject")}");

    private static IReadOnlyList<string> Statuses(JsonElement report) =>
        [.. report.GetProperty("checks").EnumerateArray().Select(check => $"{Text(check, "area")} {Text(check, "subject")} {Text(check, "status")}")];

    private static IReadOnlyList<string> Paths(JsonElement files) => [.. files.EnumerateArray().Select(file => Text(file, "path"))];

    private static IReadOnlyList<string> Ids(JsonElement runs) => [.. runs.EnumerateArray().Select(run => Text(run, "id"))];

    private static IReadOnlyList<(string Channel, string Status, string? Error)> Tried(JsonElement lines) =>
        [.. lines.EnumerateArray().Select(line => (Text(line, "channel"), Text(line, "status"), line.GetProperty("error").GetString()))];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
