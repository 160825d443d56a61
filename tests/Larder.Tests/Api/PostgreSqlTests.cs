using System.Text.Json;
using Larder.Engine.Access;
using Larder.Testing;
using Larder.Testing.Servers;

[assembly: AssemblyFixture(typeof(SharedPostgresServer))]

namespace Larder.Tests.Api;

/// <summary>What the REST document's users have: a PostgreSQL database, called as its document shows it; and what happens when it stops.</summary>
[Trait("Kind", "server")]
public sealed class PostgreSqlTests(SharedPostgresServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_call_of_the_document_answers_with_the_keys_and_the_kinds_of_values_that_it_shows()
    {
        var server = await shared.GetAsync(Token);
        var database = shared.NameDatabase("hoppybrew_db");
        await server.CreateDatabaseAsync(database, Token);
        await server.ExecuteAsync(database, "CREATE TABLE brews (id int PRIMARY KEY, name text); INSERT INTO brews SELECT g, 'brew ' || g FROM generate_series(1, 500) g", Token);
        await using var desk = await ApiDesk.OpenAsync(configuration: Configuration(server, database));
        var token = desk.TokenOf(Role.Admin);
        var document = await File.ReadAllTextAsync(RepositoryRoot.Combine("tests", "Larder.Tests", "Api", "other-system.md"), Token);

        var made = (await desk.ExpectAsync(200, "POST", "/backups", token, Shown(document, "Create Backup", "http"))).Json;
        Assert.Equal(Form(Shown(document, "Create Backup")), Form(made.ToString()));
        Assert.Equal(("success", "Backup created successfully"), (Text(made, "status"), Text(made, "message")));
        var file = Text(made, "filename");
        Assert.Matches(@"^hoppybrew_backup_\d{8}_\d{6}\.sql\.gz$", file);

        var listed = (await desk.ExpectAsync(200, "GET", "/backups", token)).Json;
        Assert.Equal(Form(Shown(document, "List Backups")), Form(listed.ToString()));
        Assert.Equal("Pre-upgrade backup", Text(listed[0], "description"));
        Assert.Equal((database, $"127.0.0.1:{server.Port}"), (Text(listed[0], "database_name"), Text(listed[0], "database_host")));
        var info = (await desk.ExpectAsync(200, "GET", $"/backups/{file}", token)).Json;
        Assert.Equal(Form(Shown(document, "Get Backup Info")), Form(info.ToString()));
        Assert.Equal(listed[0].ToString(), info.ToString());

        // The file of that name: one script that stock psql reads.
        var downloaded = await desk.ExpectAsync(200, "GET", $"/api/backups/{file}/download?format=sql.gz", token);
        Assert.Equal("application/gzip", downloaded.Headers["Content-Type"]);
        Assert.Contains(file, downloaded.Headers["Content-Disposition"], StringComparison.Ordinal);
        await File.WriteAllBytesAsync(desk.Desk[file], downloaded.Bytes, Token);
        (await ChildProcess.RunAsync(new ChildCommand("gunzip", desk.Desk[file]), Token)).Expect();
        var copy = shared.NameDatabase("copy");
        await server.CreateDatabaseAsync(copy, Token);
        (await ChildProcess.RunAsync(server.Tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", copy, "-f", desk.Desk[file[..^3]]), Token)).Expect();
        Assert.Equal(500L, await server.ScalarAsync(copy, "SELECT count(*) FROM brews", Token));

        await server.ExecuteAsync(database, "DROP TABLE brews", Token);
        var restored = (await desk.ExpectAsync(200, "POST", "/backups/restore", token, $$"""{"filename":"{{file}}"}""")).Json;
        Assert.Equal(Form(Shown(document, "Restore Backup")), Form(restored.ToString()));
        Assert.Equal("Database restored successfully", Text(restored, "message"));
        Assert.Equal(500L, await server.ScalarAsync(database, "SELECT count(*) FROM brews", Token));

        await desk.ExpectAsync(200, "POST", "/backups", token); // The last good one is never removed.
        var removed = (await desk.ExpectAsync(200, "DELETE", $"/backups/{file}", token)).Json;
        Assert.Equal(Form(Shown(document, "Delete Backup")), Form(removed.ToString()));
        Assert.Equal(("Backup deleted successfully", file), (Text(removed, "message"), Text(removed, "filename")));

        var report = (await desk.ExpectAsync(200, "POST", "/backups/cleanup", token)).Json;
        Assert.Equal(Form(Shown(document, "Cleanup Old Backups")), Form(report.ToString()).Replace("[]", "[String]", StringComparison.Ordinal));
        Assert.Equal((0, 30), (report.GetProperty("deleted_count").GetInt32(), report.GetProperty("retention_days").GetInt32()));
    }

    [Fact]
    public async Task Of_a_dump_with_several_databases_one_is_named_to_be_written_as_sql()
    {
        var server = await shared.GetAsync(Token);
        var (one, two) = (shared.NameDatabase("one"), shared.NameDatabase("two"));
        foreach (var name in new[] { one, two })
        {
            await server.CreateDatabaseAsync(name, Token);
            await server.ExecuteAsync(name, $"CREATE TABLE only_in_{name} (id int); INSERT INTO only_in_{name} VALUES (1)", Token);
        }
        await using var desk = await ApiDesk.OpenAsync(
            configuration: Configuration(server, one).Replace(" } } }\n", $", databases: [{one}, {two}] }} }} }}\n", StringComparison.Ordinal));
        var token = desk.TokenOf(Role.Admin);
        await desk.RunAsync("POST", "/api/backups", token, "{}");

        var which = await desk.ExpectAsync(400, "GET", "/api/backups/latest/download?format=sql.gz", token);
        Assert.Contains($"{one}, {two}", Text(which.Json, "detail"), StringComparison.Ordinal);
        Assert.Equal("LARDER-023", (await desk.ExpectAsync(404, "GET", "/api/backups/latest/download?format=sql.gz&entry=three", token)).Code);
        await File.WriteAllBytesAsync(
            desk.Desk["two.gz"], (await desk.ExpectAsync(200, "GET", $"/api/backups/latest/download?format=sql.gz&entry={two}", token)).Bytes, Token);
        var script = (await ChildProcess.RunAsync(new ChildCommand("zcat", desk.Desk["two.gz"]), Token)).Expect().Output;
        Assert.Contains($"COPY public.only_in_{two} (id) FROM stdin;\n1\n\\.\n", script, StringComparison.Ordinal);
        Assert.DoesNotContain($"only_in_{one}", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_is_critical_at_the_next_look_and_told_to_be_well_when_it_is_back()
    {
        await using var server = await PostgresServer.StartAsync(Token);
        await server.CreateDatabaseAsync("app", Token);
        await server.ExecuteAsync("app", "CREATE TABLE t (id int); INSERT INTO t VALUES (1)", Token);
        await using var hook = new WebhookServer();
        await using var desk = await ApiDesk.OpenAsync(configuration: Configuration(server, "app") +
            $$"""

            alerts:
              - { webhook: { url: "{{hook.Url()}}" }, allow: [127.0.0.0/8] }
            """);
        var token = desk.TokenOf(Role.Admin);
        await desk.RunAsync("POST", "/api/backups", token, "{}");
        (string, string)[] source = [("job", "hoppybrew"), ("source", "db"), ("engine", "postgresql")];
        await LookAsync(desk, token);
        Assert.Equal(1, (await MetricsAsync(desk, token)).Find("larder_source_up", source));

        await server.CrashAsync();
        var health = await LookAsync(desk, token);

        Assert.Equal("critical", Text(health, "level"));
        var alert = Assert.Single((await desk.ExpectAsync(200, "GET", "/api/alerts", token)).Json.EnumerateArray(), one => Text(one, "level") == "critical");
        Assert.Equal("connection:hoppybrew/db", Text(alert, "key"));
        Assert.DoesNotContain(PostgresServer.Password, alert.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await MetricsAsync(desk, token)).Find("larder_source_up", source));
        Assert.Contains("problem", (await desk.ExpectAsync(200, "GET", "/api/doctor", token)).Text, StringComparison.Ordinal);

        await server.StartAgainAsync(Token);
        Assert.NotEqual("critical", Text(await LookAsync(desk, token), "level"));
        Assert.DoesNotContain("connection:", (await desk.ExpectAsync(200, "GET", "/api/alerts", token)).Text, StringComparison.Ordinal);
        var told = new List<(string Event, string Level)>();
        while (!told.Exists(one => one.Event == "recovered"))
        {
            var post = (await hook.ReceiveAsync(Token)).Json;
            if (Text(post, "key") == "connection:hoppybrew/db")
            {
                told.Add((Text(post, "event"), Text(post, "level")));
            }
        }
        Assert.Equal([("health", "critical"), ("recovered", "info")], told);
    }

    private static string Configuration(PostgresServer server, string database) =>
        $$"""
        state_directory: {0}/state
        repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
        jobs:
          hoppybrew:
            time_zone: Europe/Berlin
            sources: { db: { postgresql: { url: {{JsonSerializer.Serialize(server.Url(database))}} } } }
            keep: { last: 1, within: 30d }
        """;

    private static async Task<JsonElement> LookAsync(ApiDesk desk, string token) => (await desk.ExpectAsync(200, "POST", "/api/health", token)).Json;

    private static async Task<PrometheusText> MetricsAsync(ApiDesk desk, string token) =>
        PrometheusText.Parse((await desk.ExpectAsync(200, "GET", "/metrics", token)).Text);

    /// <summary>The JSON that the document shows under a heading: the answer, or what is sent.</summary>
    private static string Shown(string document, string heading, string kind = "json")
    {
        var part = document[document.IndexOf($"### {heading}", StringComparison.Ordinal)..];
        part = part[(part.IndexOf($"```{kind}\n", StringComparison.Ordinal) + kind.Length + 4)..];
        part = part[..part.IndexOf("```", StringComparison.Ordinal)];
        return part[part.IndexOfAny(['{', '['])..];
    }

    /// <summary>Keys in their order, and what kind of value each has.</summary>
    private static string Form(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Of(document.RootElement);

        static string Of(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Object => $"{{{string.Join(',', element.EnumerateObject().Select(member => $"{member.Name}:{Of(member.Value)}"))}}}",
            JsonValueKind.Array => $"[{element.EnumerateArray().Select(Of).FirstOrDefault()}]",
            JsonValueKind.String when System.Text.RegularExpressions.Regex.IsMatch(element.GetString()!, @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$") => "moment",
            _ => element.ValueKind.ToString(),
        };
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
