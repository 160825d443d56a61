using System.Text.Json;
using Larder.Engine.Access;

namespace Larder.Tests.Api;

/// <summary>The calls of two systems whose programs and pages are there already, as their documents show them.</summary>
public sealed class OtherSystemsTests
{
    private const string Month =
        """
        state_directory: {0}/state
        repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
        jobs:
          hoppybrew:
            time_zone: Europe/Berlin
            sources: { db: { sqlite: { path: {0}/journal.db } } }
            keep: { last: 1, within: 30d }
        """;

    [Fact]
    public async Task Backups_as_files_are_made_listed_shown_restored_removed_and_cleaned_up()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration: Month);
        var token = desk.TokenOf(Role.Admin);

        var made = (await desk.ExpectAsync(200, "POST", "/backups", token, """{"description":"Pre-upgrade backup"}""")).Json;
        Assert.Equal(["status", "message", "filename", "timestamp"], Keys(made));
        Assert.Equal(("success", "Backup created successfully"), (Text(made, "status"), Text(made, "message")));
        var file = Text(made, "filename");
        Assert.Matches(@"^hoppybrew_backup_\d{8}_\d{6}\.sql\.gz$", file);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", Text(made, "timestamp"));

        string[] shown = ["filename", "timestamp", "created_at", "description", "size_bytes", "database_name", "database_host"];
        var listed = Assert.Single((await desk.ExpectAsync(200, "GET", "/backups", token)).Json.EnumerateArray());
        var one = (await desk.ExpectAsync(200, "GET", $"/backups/{file}", token)).Json;
        Assert.Equal(shown, Keys(listed));
        Assert.Equal(listed.ToString(), one.ToString());
        Assert.Equal((file, "Pre-upgrade backup"), (Text(one, "filename"), Text(one, "description")));
        Assert.Contains(Text(one, "timestamp"), file, StringComparison.Ordinal);
        Assert.True(one.GetProperty("size_bytes").GetInt64() > 0);

        Assert.Equal("LARDER-036", (await desk.ExpectAsync(409, "DELETE", $"/backups/{file}", token)).Code); // The only good one.
        (await Larder.Testing.ChildProcess.RunAsync(new Larder.Testing.ChildCommand("sqlite3", desk.Desk["journal.db"], "DELETE FROM entries;"))).Expect();
        var restored = (await desk.ExpectAsync(200, "POST", "/backups/restore", token, $$"""{"filename":"{{file}}"}""")).Json;
        Assert.Equal(["status", "message", "filename", "timestamp"], Keys(restored));
        Assert.Equal(("success", "Database restored successfully", file), (Text(restored, "status"), Text(restored, "message"), Text(restored, "filename")));
        var rows = (await Larder.Testing.ChildProcess.RunAsync(new Larder.Testing.ChildCommand("sqlite3", desk.Desk["journal.db"], "SELECT count(*) FROM entries;"))).Expect();
        Assert.Equal("3", rows.Output.Trim());

        var second = (await desk.ExpectAsync(200, "POST", "/backups", token)).Json; // Without a body too.
        var id = (await desk.ExpectAsync(200, "GET", "/api/backups?limit=1", token)).Json[0].GetProperty("backup_id").GetString()!;
        var deleted = (await desk.ExpectAsync(200, "DELETE", $"/backups/{id}", token)).Json;
        Assert.Equal(["status", "message", "filename", "timestamp"], Keys(deleted));
        Assert.Equal(("Backup deleted successfully", Text(second, "filename")), (Text(deleted, "message"), Text(deleted, "filename")));

        var report = (await desk.ExpectAsync(200, "POST", "/backups/cleanup", token)).Json;
        Assert.Equal(["deleted_count", "deleted_files", "total_size_freed", "retention_days", "cleanup_date"], Keys(report));
        Assert.Equal((0, 30), (report.GetProperty("deleted_count").GetInt32(), report.GetProperty("retention_days").GetInt32()));
        Assert.Equal(404, (await desk.SendAsync("GET", "/backups/hoppybrew_backup_20010101_000000.sql.gz", token)).Status);
    }

    [Fact]
    public async Task Cleanup_names_the_files_that_went()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration: Month.Replace("last: 1, within: 30d", "last: 1", StringComparison.Ordinal));
        var token = desk.TokenOf(Role.Admin);
        var first = Text((await desk.ExpectAsync(200, "POST", "/backups", token)).Json, "filename");
        (await Larder.Testing.ChildProcess.RunAsync(new Larder.Testing.ChildCommand("sqlite3", desk.Desk["journal.db"], "INSERT INTO entries(title) VALUES ('four');"))).Expect();
        await desk.ExpectAsync(200, "POST", "/backups", token);

        var report = (await desk.ExpectAsync(200, "POST", "/backups/cleanup", token)).Json;

        Assert.Equal(1, report.GetProperty("deleted_count").GetInt32());
        Assert.Equal(first, Assert.Single(report.GetProperty("deleted_files").EnumerateArray()).GetString());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("retention_days").ValueKind);
    }

    [Fact]
    public async Task Outside_local_mode_the_page_is_told_so_in_its_own_words()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Admin);

        var refused = await desk.ExpectAsync(403, "POST", "/api/backup", token, """{"delete_bookings":false}""");
        Assert.Equal("Backup operations are only available in LOCAL mode", Text(refused.Json, "detail"));
        var status = (await desk.ExpectAsync(200, "GET", "/api/backup/status", token)).Json;
        Assert.Equal(["primary_database", "backup_available", "sync_enabled", "message"], Keys(status));
        Assert.False(status.GetProperty("backup_available").GetBoolean());
    }

    [Fact]
    public async Task Where_another_database_is_primary_no_call_of_the_page_is_answered()
    {
        await using var desk = await ApiDesk.OpenAsync(prepare: laid => laid.Variables["PRIMARY_DATABASE"] = "cloud");
        var token = desk.TokenOf(Role.Admin);
        foreach (var (method, path) in new[] { ("POST", "/api/backup"), ("GET", "/api/backups"), ("GET", "/api/backups/latest/collections") })
        {
            var refused = await desk.ExpectAsync(403, method, path, token, method == "POST" ? "{}" : null);
            Assert.Equal("Backup operations are only available in LOCAL mode", Text(refused.Json, "detail"));
        }
        Assert.Equal("cloud", Text((await desk.ExpectAsync(200, "GET", "/api/backup/status", token)).Json, "primary_database"));
    }

    [Fact]
    public async Task In_local_mode_the_page_makes_a_backup_and_looks_into_it()
    {
        await using var desk = await ApiDesk.OpenAsync(prepare: laid => laid.Variables["PRIMARY_DATABASE"] = "local");
        var token = desk.TokenOf(Role.Admin);
        var status = (await desk.ExpectAsync(200, "GET", "/api/backup/status", token)).Json;
        Assert.Equal(("local", "Backup system ready"), (Text(status, "primary_database"), Text(status, "message")));

        var made = (await desk.ExpectAsync(200, "POST", "/api/backup", token, """{"delete_bookings":false}""")).Json;
        Assert.Equal(
            [
                "success", "backup_id", "backup_path", "backup_timestamp", "sync_status", "collections_backed_up", "collections_deleted_local",
                "collections_deleted_remote", "message",
            ],
            Keys(made));
        Assert.Matches(@"^\d{8}_\d{6}$", Text(made, "backup_id"));
        Assert.Equal("Backup completed successfully", Text(made, "message"));
        Assert.Contains(made.GetProperty("collections_backed_up").EnumerateArray(), name => name.GetString() == "entries");
        Assert.Equal(400, (await desk.SendAsync("POST", "/api/backup", token, """{"delete_bookings":true}""")).Status); // Never half of what was asked.

        var listed = Assert.Single((await desk.ExpectAsync(200, "GET", "/api/backups", token)).Json.EnumerateArray());
        Assert.Equal("success", Text(listed, "status"));
        Assert.Matches(@"^\d{4}-\d\d-\d\d$", Text(listed, "backup_date"));
        Assert.Equal(Text(made, "backup_timestamp"), Text(listed, "backup_timestamp"));
        Assert.Equal(1, listed.GetProperty("collections_count").GetInt32());

        var collections = (await desk.ExpectAsync(200, "GET", $"/api/backups/{Text(made, "backup_id")}/collections", token)).Json;
        var collection = Assert.Single(collections.EnumerateArray());
        Assert.Equal(("entries", 3), (Text(collection, "collection_name"), collection.GetProperty("document_count").GetInt32()));
        Assert.Matches(@"^\d+\.\d\d KB$", Text(collection, "file_size"));
        Assert.Equal(403, (await desk.SendAsync("POST", "/api/backup", desk.TokenOf(Role.Operator), "{}")).Status); // role_id 2.
    }

    private static IEnumerable<string> Keys(JsonElement element) => element.EnumerateObject().Select(member => member.Name);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
