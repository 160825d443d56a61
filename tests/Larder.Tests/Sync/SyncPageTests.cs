using System.Text.Json;
using Larder.Engine.Access;
using Larder.Testing.Servers;
using Larder.Tests.Api;

namespace Larder.Tests.Sync;

/// <summary>The calls of the admin page for a local MongoDB, as its document shows them, over HTTP, with two real servers.</summary>
[Trait("Kind", "server")]
public sealed class SyncPageTests(TwoServers servers)
{
    [Fact]
    public async Task The_page_syncs_backs_up_empties_and_looks_into_backups()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await ApiDesk.OpenAsync(configuration: temple.Configuration());
        var token = desk.TokenOf(Role.Admin);
        var status = (await desk.ExpectAsync(200, "GET", "/api/backup/status", token)).Json;
        Assert.Equal(
            """{"primary_database":"local","backup_available":true,"sync_enabled":true,"message":"Backup system ready"}""", status.GetRawText());

        var kept = (await desk.ExpectAsync(200, "POST", "/api/backup", token, """{"delete_bookings":false}""")).Json;
        Assert.Equal(
            [
                "success", "backup_id", "backup_path", "backup_timestamp", "sync_status", "collections_backed_up", "collections_deleted_local",
                "collections_deleted_remote", "message",
            ],
            kept.EnumerateObject().Select(member => member.Name));
        Assert.True(kept.GetProperty("success").GetBoolean());
        Assert.Equal(("success", "Backup completed successfully"), (Text(kept, "sync_status"), Text(kept, "message")));
        Assert.Equal(["activities", "bookings", "employee_bookings", "events"], Texts(kept, "collections_backed_up"));
        Assert.Equal(["activities (50 documents)"], Texts(kept, "collections_deleted_local"));
        Assert.Equal(["activities (50 documents)"], Texts(kept, "collections_deleted_remote"));
        Assert.Equal((2, 2), await temple.CountAsync("bookings"));

        var emptied = (await desk.ExpectAsync(200, "POST", "/api/backup", token, """{"delete_bookings":true}""")).Json;
        Assert.Equal(["bookings (2 documents)", "employee_bookings (1 documents)"], Texts(emptied, "collections_deleted_local"));
        Assert.Equal(Texts(emptied, "collections_deleted_local"), Texts(emptied, "collections_deleted_remote"));
        Assert.Equal((0, 0), await temple.CountAsync("bookings"));
        Assert.Equal((2, 2), await temple.CountAsync("events"));

        var listed = (await desk.ExpectAsync(200, "GET", "/api/backups", token)).Json;
        Assert.Equal(2, listed.GetArrayLength());
        Assert.Equal(4, listed[0].GetProperty("collections_count").GetInt32());
        var id = listed[1].GetProperty("backup_id").GetString(); // The first one; by its timestamp two may be made in a second.
        var collections = (await desk.ExpectAsync(200, "GET", $"/api/backups/{id}/collections", token)).Json.EnumerateArray()
            .ToDictionary(one => Text(one, "collection_name"));
        Assert.Equal(50, collections["activities"].GetProperty("document_count").GetInt32());
        Assert.Matches(@"^\d+\.\d\d KB$", Text(collections["bookings"], "file_size"));
        var bookings = (await desk.ExpectAsync(200, "GET", $"/api/backups/{id}/collections/bookings", token)).Json;
        Assert.Equal(["collection_name", "documents", "total_documents"], bookings.EnumerateObject().Select(member => member.Name));
        Assert.Equal(2, bookings.GetProperty("total_documents").GetInt32());
        var found = (await desk.ExpectAsync(200, "GET", $"/api/backups/{id}/collections/bookings?search=puja", token)).Json;
        Assert.Equal("John Doe", Text(Assert.Single(found.GetProperty("documents").EnumerateArray()), "name"));
        Assert.Equal(1, found.GetProperty("total_documents").GetInt32());
        var page = (await desk.ExpectAsync(200, "GET", $"/api/backups/{id}/collections/activities?limit=10&offset=45", token)).Json;
        Assert.Equal((5, 50), (page.GetProperty("documents").GetArrayLength(), page.GetProperty("total_documents").GetInt32()));
        Assert.True(desk.Audit.Verify().IsWhole);
    }

    [Fact]
    public async Task A_remote_side_that_is_away_is_a_warning_to_the_page_and_empties_nothing()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await ApiDesk.OpenAsync(configuration: temple.Configuration(remotePort: 1));

        var made = (await desk.ExpectAsync(200, "POST", "/api/backup", desk.TokenOf(Role.Admin), """{"delete_bookings":true}""")).Json;

        Assert.Equal("failed", Text(made, "sync_status"));
        Assert.Contains("Nothing was purged", Text(made, "message"), StringComparison.Ordinal);
        Assert.Empty(Texts(made, "collections_deleted_local"));
        Assert.Equal((50, 0), await temple.CountAsync("activities"));
        Assert.Equal(403, (await desk.SendAsync("POST", "/api/backup", desk.TokenOf(Role.Operator), "{}")).Status); // role_id 2.
        var narrow = desk.TokenOf(Role.Admin, [Scope.Backup]);
        Assert.Equal("LARDER-109", (await desk.ExpectAsync(403, "POST", "/api/backup", narrow, """{"delete_bookings":true}""")).Code);
    }

    [Fact]
    public async Task A_sync_is_a_run_of_the_service_and_its_log_the_events()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await ApiDesk.OpenAsync(configuration: temple.Configuration());
        var token = desk.TokenOf(Role.Admin);

        var planned = (await desk.ExpectAsync(200, "POST", "/api/jobs/temple/sync", token, """{"dry_run":true}""")).Json;
        Assert.True(planned.GetProperty("dry_run").GetBoolean());
        Assert.Equal((50, 0), await temple.CountAsync("activities"));
        var report = await desk.RunAsync("POST", "/api/jobs/temple/sync", token, "{}");

        Assert.Equal("success", Text(report, "status"));
        Assert.Equal((50, 50), await temple.CountAsync("activities"));
        var run = (await desk.ExpectAsync(200, "GET", $"/api/runs/{Text(report, "run_id")}", token)).Json;
        Assert.Equal(("sync", "success"), (Text(run, "kind"), Text(run, "status")));
        Assert.Equal(404, (await desk.SendAsync("POST", "/api/jobs/nothing/sync", token, "{}")).Status);
    }

    [Fact]
    public async Task A_sync_that_is_cancelled_ends_and_the_next_one_goes_on()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync(activities: 20_000);
        await temple.Remote.InsertAsync("activities", Enumerable.Range(0, 20_000).Select(id => $$"""{"_id": {{id}}, "what": "old"}"""));
        await using var proxy = new HoldingProxy(temple.Remote.Server.Port);
        await using var desk = await ApiDesk.OpenAsync(configuration: temple.Configuration(proxy.Port));
        var token = desk.TokenOf(Role.Admin);
        var held = proxy.HoldAfter(500_000); // Of 20 answers with the ids of a thousand documents, and as many with the documents.

        var run = Text((await desk.ExpectAsync(202, "POST", "/api/jobs/temple/sync", token, "{}")).Json, "id");
        await held.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken);
        await desk.ExpectAsync(202, "DELETE", $"/api/runs/{run}", token);
        var ended = await desk.FollowAsync(run, token);
        proxy.Release();

        Assert.Equal("cancelled", Text(ended[^1].Data, "status"));
        Assert.InRange(await OldAsync(), 1, 19_999);
        await desk.RunAsync("POST", "/api/jobs/temple/sync", token, "{}"); // Nothing of the job is held.
        Assert.Equal(0, await OldAsync());

        async Task<long> OldAsync() =>
            (await temple.Remote.RunAsync("""{"count": "activities", "query": {"what": "old"}}""")).GetProperty("n").GetInt64();
    }

    [Fact]
    public async Task What_empties_collections_is_confirmed_by_somebody_who_may_and_by_a_second_person_where_one_is_wanted()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await ApiDesk.OpenAsync("access: { second_person: true }", temple.Configuration());
        var token = desk.TokenOf(Role.Admin);
        const string purge = """{"job":"temple","purge":["bookings"],"confirm":true}""";

        Assert.Equal(400, (await desk.SendAsync("POST", "/api/backups", token, """{"purge":["events"],"confirm":true}""")).Status);
        Assert.Equal("LARDER-109", (await desk.ExpectAsync(403, "POST", "/api/backups", desk.TokenOf(Role.Operator), purge)).Code);
        var unconfirmed = await desk.ExpectAsync(428, "POST", "/api/backups", token, """{"purge":["bookings"]}""");
        Assert.Equal(["activities", "bookings"], unconfirmed.Json.GetProperty("plan").GetProperty("purge").EnumerateArray().Select(one => Text(one, "collection")));
        var asked = (await desk.ExpectAsync(202, "POST", "/api/backups", token, purge)).Json.GetProperty("approval");
        Assert.Equal((2, 0), await temple.CountAsync("bookings"));

        await desk.ExpectAsync(200, "POST", $"/api/approvals/{Text(asked, "id")}", desk.TokenOf(Role.Owner), "{}");
        var report = await desk.RunAsync(
            "POST", "/api/backups", token, $$"""{"job":"temple","purge":["bookings"],"confirm":true,"approval":"{{Text(asked, "id")}}"}""");

        Assert.Equal("success", Text(report, "sync_status"));
        Assert.Equal((0, 0), await temple.CountAsync("bookings"));
        Assert.Equal((1, 1), await temple.CountAsync("employee_bookings"));
        Assert.Equal(202, (await desk.SendAsync("POST", "/api/backup", token, """{"delete_bookings":true}""")).Status); // The page too.
        Assert.Equal((1, 1), await temple.CountAsync("employee_bookings"));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray().Select(one => one.GetString()!);
}
