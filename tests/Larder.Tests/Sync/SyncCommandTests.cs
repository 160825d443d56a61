using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Larder.Tests.Cli;

namespace Larder.Tests.Sync;

[Trait("Kind", "server")]
public sealed class SyncCommandTests(TwoServers servers)
{
    [Fact]
    public async Task A_sync_is_planned_done_and_told_with_the_id_of_each_conflict()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await temple.Local.InsertAsync("notes", """{"_id": {"$oid": "507f1f77bcf86cd799439011"}, "text": "ours"}""");
        await temple.Remote.InsertAsync("notes", """{"_id": {"$oid": "507f1f77bcf86cd799439011"}, "text": "theirs"}""");
        await temple.Local.InsertAsync("sessions", """{"_id": 1}""");
        await temple.Local.RunAsync("""{"create": "guests", "viewOn": "bookings", "pipeline": []}""");
        await using var desk = await Desk.LaidAsync(temple.Configuration());

        var planned = (await desk.ExpectAsync(0, "sync", "temple", "--dry-run", "--json")).Json;
        Assert.True(planned.GetProperty("dry_run").GetBoolean());
        Assert.Equal((50, 0), await temple.CountAsync("activities"));

        var done = (await desk.ExpectAsync(0, "sync", "temple", "--json")).Json;
        Assert.Equal(planned.GetProperty("collections").ToString(), done.GetProperty("collections").ToString());
        Assert.Equal(("success", "temple"), (done.GetProperty("status").GetString(), done.GetProperty("job").GetString()));
        Assert.Equal((50, 50), await temple.CountAsync("activities"));
        Assert.Equal((2, 2), await temple.CountAsync("events"));
        Assert.Equal((1, 0), await temple.CountAsync("sessions"));
        Assert.Equal("ours", (await temple.Remote.DocumentsAsync("notes"))[0].GetProperty("text").GetString());
        var view = Assert.Single(done.GetProperty("left_out").EnumerateArray());
        Assert.Equal($"{temple.Local.Database}.guests", view.GetProperty("collection").GetString());

        var run = (await desk.ExpectAsync(0, "runs", "--show", "latest", "--json")).Json;
        Assert.Equal(("sync", "success", "temple"), (Text(run, "kind"), Text(run, "status"), Text(run, "job")));
        Assert.Equal(Text(done, "run_id"), Text(run, "id"));
        var events = run.GetProperty("events").EnumerateArray().Select(one => $"{Text(one, "level")}: {Text(one, "message")}").ToList();
        Assert.Contains($"info: Sync of {temple.Local.Database}.activities: 50 copied to remote, created on remote.", events);
        Assert.Contains(events, one => one.StartsWith("warning: ", StringComparison.Ordinal) && one.Contains("507f1f77bcf86cd799439011", StringComparison.Ordinal));
        Assert.Contains(events, one => one.Contains("Not synced", StringComparison.Ordinal) && one.Contains("guests", StringComparison.Ordinal));

        var again = await desk.ExpectAsync(0, "sync", "temple");
        Assert.Contains("the same on both sides", again.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await desk.ExpectAsync(0, "runs", "--kind", "sync", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Where_another_database_is_primary_nothing_is_synced_and_nothing_purged()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration());
        await desk.InitAsync();
        desk.Variables["PRIMARY_DATABASE"] = "cloud";

        var refused = await desk.ExpectAsync(4, "sync", "temple");
        Assert.Contains("LARDER-115", refused.Error, StringComparison.Ordinal);
        var backup = (await desk.ExpectAsync(3, "backup", "temple", "--json")).Json;

        Assert.Equal("failed", Text(backup, "sync_status"));
        Assert.Equal((50, 0), await temple.CountAsync("activities"));
    }

    [Fact]
    public async Task A_remote_side_that_is_the_local_one_is_refused_with_the_key_that_is_wrong()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration(remotePort: temple.Local.Server.Port));
        var said = await desk.ExpectAsync(2, "sync", "temple");
        Assert.Contains("are one", said.Error, StringComparison.Ordinal);
        Assert.Contains("jobs.temple.sync.remote", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_without_a_remote_side_is_told_how_to_get_one()
    {
        await using var desk = await Desk.LaidAsync();
        var said = await desk.ExpectAsync(2, "sync", "journal");
        Assert.Contains("no remote side", said.Error, StringComparison.Ordinal);
        Assert.Contains("primary: local", said.Error, StringComparison.Ordinal);
        Assert.Contains("purges nothing", (await desk.ExpectAsync(2, "backup", "journal", "--purge", "all")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_remote_side_that_is_away_costs_the_sync_and_the_purge_and_not_the_backup()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration(remotePort: FreePort()));
        await desk.InitAsync();

        var failed = await desk.ExpectAsync(1, "sync", "temple");
        Assert.Contains("HINT", failed.Error, StringComparison.Ordinal);
        var said = await desk.ExpectAsync(3, "backup", "temple", "--purge", "all", "--json");

        Assert.Equal(("partial", "failed"), (Text(said.Json, "status"), Text(said.Json, "sync_status")));
        Assert.Empty(said.Json.GetProperty("purged").EnumerateArray());
        Assert.Contains("Nothing was purged", said.Error, StringComparison.Ordinal);
        Assert.Equal(50, await temple.Local.CountAsync("activities"));
        Assert.Equal(2, await temple.Local.CountAsync("bookings"));
        await desk.ExpectAsync(0, "verify", "temple:latest", "--level", "content"); // The backup stands.
        var runs = (await desk.ExpectAsync(0, "runs", "--json")).Json.EnumerateArray().Select(run => $"{Text(run, "kind")} {Text(run, "status")}");
        Assert.Contains("sync failed", runs);
        Assert.Contains("backup partial", runs);
    }

    [Fact]
    public async Task The_variables_of_the_page_alone_make_a_job_that_syncs()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync();
        File.Delete(desk["larder.yaml"]);
        desk.Variables["MONGODB_LOCAL_URL"] = temple.Local.Server.Url;
        desk.Variables["MONGODB_CLOUD_URL"] = temple.Remote.Server.Url.Replace("/?", "/elsewhere?", StringComparison.Ordinal);
        desk.Variables["DATABASE_NAME"] = temple.Local.Database; // Of both sides.
        desk.Variables["PRIMARY_DATABASE"] = "local";
        desk.Variables["BACKUP_DIR"] = desk["repository"];
        desk.Variables["LARDER_PASSWORD"] = Desk.Password;
        desk.Variables["XDG_STATE_HOME"] = desk["state"];
        await desk.InitAsync();

        var backup = (await desk.ExpectAsync(0, "backup", "--json")).Json;

        Assert.Equal(("success", "success"), (Text(backup, "status"), Text(backup, "sync_status")));
        Assert.False(backup.TryGetProperty("purged", out _));
        Assert.Equal((50, 50), await temple.CountAsync("activities"));
        Assert.Equal((2, 2), await temple.CountAsync("events"));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
