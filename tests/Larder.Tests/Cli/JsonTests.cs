using System.Text.Json;

namespace Larder.Tests.Cli;

public sealed class JsonTests
{
    private static readonly string[] BackupKeys =
    [
        "backup_id", "short_id", "timestamp", "created_at", "job", "status", "category", "description", "tags", "created_by", "sources", "size_bytes",
        "added_bytes", "duration_seconds", "git_commit", "git_branch", "repositories", "pinned", "drill",
    ];

    [Fact]
    public async Task Each_command_prints_one_document_with_the_keys_that_are_promised()
    {
        await using var desk = await Desk.LaidAsync();

        await desk.InitAsync();
        var plan = (await desk.ExpectAsync(0, "backup", "--dry-run", "--json")).Json;
        Assert.Equal(["job", "dry_run", "repositories", "sources"], Keys(plan));

        var backup = (await desk.ExpectAsync(0, "--json", "backup", "journal", "--tag", "pre-deploy", "--description", "first")).Json;
        Assert.Equal(BackupKeys, Keys(backup));
        Assert.Equal("success", backup.GetProperty("status").GetString());
        Assert.Equal("pre-deploy", Assert.Single(backup.GetProperty("tags").EnumerateArray()).GetString());
        Assert.All(
            backup.GetProperty("sources").EnumerateArray(),
            source => Assert.Equal(["name", "engine", "database_name", "database_host", "entries", "rows"], Keys(source)));
        var id = backup.GetProperty("backup_id").GetString()!;

        var list = (await desk.ExpectAsync(0, "list", "--json")).Json;
        Assert.Equal(BackupKeys, Keys(Assert.Single(list.EnumerateArray())));
        Assert.Equal(id, list[0].GetProperty("backup_id").GetString());
        Assert.Equal(0, (await desk.ExpectAsync(0, "list", "--json", "--repository", "second")).Json.GetArrayLength());

        foreach (var name in new[] { "latest", "journal:latest", id[..8], backup.GetProperty("timestamp").GetString()! })
        {
            var shown = (await desk.ExpectAsync(0, "show", name, "--json")).Json;
            Assert.Equal([.. BackupKeys, "warnings", "places", "manifest"], Keys(shown));
            Assert.Equal(id, shown.GetProperty("backup_id").GetString());
            Assert.Equal(2, shown.GetProperty("manifest").GetProperty("sources").GetArrayLength());
        }

        var files = (await desk.ExpectAsync(0, "ls", "latest", "--json")).Json;
        Assert.Contains(files.EnumerateArray(), file => file.GetProperty("path").GetString()!.EndsWith("code/app/main.py", StringComparison.Ordinal));

        Assert.Equal(["repositories"], Keys((await desk.ExpectAsync(0, "stats", "--json")).Json));
        var verified = (await desk.ExpectAsync(0, "verify", "--json", "--repository", "local", "--level", "content")).Json;
        Assert.Equal("success", verified.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Array, verified.GetProperty("errors").ValueKind);
        Assert.True(verified.TryGetProperty("checked", out _));

        Assert.Equal("success", (await desk.ExpectAsync(0, "verify", "journal", "--json", "--report", desk["reports/"])).Json.GetProperty("status").GetString());
        Assert.StartsWith("VALIDATION REPORT\n", await File.ReadAllTextAsync(desk["reports/validation-report.txt"]), StringComparison.Ordinal);
        await desk.ExpectAsync(2, "verify", "journal", "latest");
        var tested = (await desk.ExpectAsync(0, "verify", "--test", "backup", "--json")).Json;
        Assert.Equal(["name", "status", "message", "duration_seconds"], Keys(Assert.Single(tested.GetProperty("tests").EnumerateArray())));
        await desk.ExpectAsync(2, "verify", "latest", "--test", "backup");
        var proof = (await desk.ExpectAsync(0, "report", "journal", "--json")).Json.GetProperty("jobs")[0];
        Assert.Equal(id, proof.GetProperty("last_good").GetProperty("backup_id").GetString());
        Assert.Contains("JOB journal\n", (await desk.ExpectAsync(0, "report")).Output, StringComparison.Ordinal);

        Assert.False((await desk.ExpectAsync(4, "restore", "latest", "--json")).Json.GetProperty("is_confirmed").GetBoolean());
        var restored = (await desk.ExpectAsync(0, "restore", "latest", "--target", desk["back"], "--confirm", "--json")).Json;
        Assert.True(restored.GetProperty("verified").GetBoolean());

        Assert.True((await desk.ExpectAsync(0, "cleanup", "--dry-run", "--json")).Json.TryGetProperty("removals", out _));
        Assert.True((await desk.ExpectAsync(0, "cleanup", "--json")).Json.TryGetProperty("freed_bytes", out _));
        var drill = (await desk.ExpectAsync(0, "drill", "journal", "--json")).Json;
        Assert.Equal(["status", "rto_seconds", "entries", "assertions", "drills"], Keys(drill));
        Assert.Equal(["source", "entry", "kind", "rows", "recorded", "match", "fingerprint", "difference"], Keys(drill.GetProperty("entries")[0]));
        Assert.Equal("success", (await desk.ExpectAsync(0, "list", "--json")).Json[0].GetProperty("drill").GetString());
        var check = (await desk.ExpectAsync(0, "drill", "--check", drill.GetProperty("drills")[0].GetProperty("evidence").GetString()!, "--json")).Json;
        Assert.Equal(["genuine", "run_id", "job", "backup_id", "status", "finished_at", "key"], Keys(check));

        Assert.True((await desk.ExpectAsync(0, "pin", "latest", "--json")).Json.GetProperty("backups")[0].GetProperty("pinned").GetBoolean());
        Assert.False((await desk.ExpectAsync(0, "unpin", id[..6], "--json")).Json.GetProperty("backups")[0].GetProperty("pinned").GetBoolean());
        Assert.Equal(1, (await desk.ExpectAsync(0, "copy", "--from", "local", "--to", "second", "--json")).Json.GetProperty("copied").GetArrayLength());
        Assert.Equal(0, (await desk.ExpectAsync(0, "unlock", "--json")).Json.GetProperty("removed").GetInt32());
        Assert.Equal(2, (await desk.ExpectAsync(0, "repair", "index", "--json")).Json.GetProperty("repositories").GetArrayLength());

        var runs = (await desk.ExpectAsync(0, "runs", "--kind", "backup", "--json")).Json;
        Assert.Equal(id, Assert.Single(runs.EnumerateArray()).GetProperty("backup_id").GetString());
        Assert.True((await desk.ExpectAsync(0, "config", "show", "--json")).Json.TryGetProperty("jobs", out _));
        Assert.True((await desk.ExpectAsync(0, "config", "validate", "--json")).Json.GetProperty("valid").GetBoolean());
        Assert.Contains("repositories:", (await desk.ExpectAsync(0, "config", "example", "--json")).Json.GetProperty("yaml").GetString(), StringComparison.Ordinal);

        Assert.Equal(4, (await desk.ExpectAsync(4, "remove", id, "--json")).Json.GetProperty("error").GetProperty("exit_status").GetInt32());
        Assert.Equal(1, (await desk.ExpectAsync(0, "remove", id, "--confirm", "--json")).Json.GetProperty("deleted").GetArrayLength());
        Assert.Equal(0, (await desk.ExpectAsync(0, "list", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Init_is_harmless_when_repeated_and_tells_what_it_made()
    {
        await using var desk = await Desk.LaidAsync();

        var created = (await desk.ExpectAsync(0, "init", "--json")).Json;
        Assert.Equal(["local", "second"], created.EnumerateArray().Select(line => line.GetProperty("name").GetString()));
        Assert.All(created.EnumerateArray(), line => Assert.Equal(["name", "location", "created"], Keys(line)));
        Assert.All((await desk.ExpectAsync(0, "init", "--json")).Json.EnumerateArray(), line => Assert.False(line.GetProperty("created").GetBoolean()));
    }

    [Fact]
    public async Task Several_jobs_are_an_array_and_one_that_fails_does_not_keep_the_others_back()
    {
        await using var desk = await Desk.LaidAsync(
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs:
              broken: { sources: { out: { command: { run: "echo some; exit 3", name: out.txt } } } }
              good: { sources: { out: { command: { run: "echo all", name: out.txt } } } }
            """);
        await desk.InitAsync();

        var both = await desk.ExpectAsync(1, "backup", "--json");

        Assert.Equal(["failed", "success"], both.Json.EnumerateArray().Select(each => each.GetProperty("status").GetString()));
        Assert.StartsWith("LARDER-", both.Json[0].GetProperty("error").GetProperty("code").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await desk.ExpectAsync(0, "list", "--json")).Json.GetArrayLength());
        Assert.Equal(
            "failed", (await desk.ExpectAsync(0, "runs", "broken", "--json")).Json[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Keys_are_added_from_a_file_listed_and_removed()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await File.WriteAllTextAsync(desk["second.key"], "another-password\n");

        var added = (await desk.ExpectAsync(0, "key", "add", "--repository", "local", "--new-password-file", desk["second.key"], "--json")).Json;
        var keys = (await desk.ExpectAsync(0, "key", "list", "--repository", "local", "--json")).Json.GetProperty("keys");

        Assert.Equal(2, keys.GetArrayLength());
        var current = keys.EnumerateArray().Single(key => key.GetProperty("current").GetBoolean()).GetProperty("short_id").GetString()!;
        await desk.ExpectAsync(4, "key", "remove", current, "--repository", "local");
        var removed = (await desk.ExpectAsync(0, "key", "remove", added.GetProperty("added").GetString()!, "--repository", "local", "--json")).Json;
        Assert.Equal(1, removed.GetProperty("keys").GetArrayLength());
    }

    private static IEnumerable<string> Keys(JsonElement document) => document.EnumerateObject().Select(property => property.Name);
}
