using System.Text.Json;
using Larder.Testing;
using Larder.Testing.Servers;
using Larder.Tests.Cli;

namespace Larder.Tests.Sync;

[Trait("Kind", "server")]
public sealed class PurgeTests(TwoServers servers)
{
    [Fact]
    public async Task After_a_good_backup_what_is_always_purged_goes_and_what_is_confirmed_goes_with_it()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync(activities: 150);
        await using var desk = await Desk.LaidAsync(temple.Configuration());
        await desk.InitAsync();

        var plan = (await desk.ExpectAsync(0, "backup", "temple", "--purge", "bookings", "--dry-run", "--json")).Json;
        Assert.Equal(["activities", "bookings"], plan.GetProperty("purge").EnumerateArray().Select(one => Text(one, "collection")));
        Assert.True(plan.GetProperty("sync").GetBoolean());
        var shown = await desk.ExpectAsync(0, "backup", "temple", "--purge", "bookings", "--dry-run");
        Assert.Contains("would be emptied (local and remote): activities, bookings", shown.Output, StringComparison.Ordinal);
        Assert.Equal((150, 0), await temple.CountAsync("activities"));

        var said = await desk.ExpectAsync(0, "backup", "temple", "--json");
        var first = said.Json;
        Assert.DoesNotContain("larder pin", said.Error, StringComparison.Ordinal); // Everything is kept.
        Assert.Equal(("success", "success"), (Text(first, "status"), Text(first, "sync_status")));
        Assert.Equal(["activities local 150 0", "activities remote 150 0"], Purged(first));
        Assert.Equal((0, 0), await temple.CountAsync("activities"));
        Assert.Equal((2, 2), await temple.CountAsync("bookings"));
        await desk.ConfigureAsync(temple.Configuration(hooks: "keep: { last: 2 }"));

        // What the job itself has emptied is no loss to the next backup.
        var second = (await desk.ExpectAsync(0, "backup", "temple", "--purge", "bookings", "--json")).Json;
        Assert.Equal(["activities local 0 0", "bookings local 2 0", "activities remote 0 0", "bookings remote 2 0"], Purged(second));
        Assert.Equal((1, 1), await temple.CountAsync("employee_bookings"));

        var third = await desk.ExpectAsync(0, "backup", "temple", "--purge", "all");
        Assert.Contains("employee_bookings (remote): 1 document deleted, 0 kept", third.Output, StringComparison.Ordinal);
        Assert.Contains("is in backups alone now; \"larder pin ", third.Error, StringComparison.Ordinal);
        Assert.Equal((2, 2), await temple.CountAsync("events"));

        await desk.ExpectAsync(0, "restore", Text(first, "backup_id"), "--entry", $"{temple.Local.Database}.activities", "--confirm");
        Assert.Equal(150, await temple.Local.CountAsync("activities")); // It is all in the backup.
    }

    [Fact]
    public async Task A_name_that_the_job_does_not_purge_is_refused_before_anything_begins()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration());
        await desk.InitAsync();

        var said = await desk.ExpectAsync(2, "backup", "temple", "--purge", "bookings,events");

        Assert.Contains("\"events\"", said.Error, StringComparison.Ordinal);
        Assert.Contains("activities, bookings, employee_bookings, all, default", said.Error, StringComparison.Ordinal);
        Assert.Equal("[]", (await desk.ExpectAsync(0, "runs", "--json")).Output.Trim());
        Assert.Equal((50, 0), await temple.CountAsync("activities"));
    }

    [Fact]
    public async Task What_comes_or_changes_between_the_dump_and_the_purge_stays()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration(hooks: Waiting));
        await desk.InitAsync();
        await MakePipesAsync(desk);

        var backing = desk.RunAsync("backup", "temple", "--json");
        await File.ReadAllTextAsync(desk["dumped"], TestContext.Current.CancellationToken);
        await temple.Local.InsertAsync("activities", """{"_id": 1000, "what": "came later"}""");
        await temple.Remote.RunAsync("""{"update": "activities", "updates": [{"q": {"_id": 7}, "u": {"$set": {"what": "changed"}}}]}""");
        await File.WriteAllTextAsync(desk["go"], "go\n", TestContext.Current.CancellationToken);
        var made = await backing;

        Assert.Equal(0, made.Status);
        Assert.Equal(["activities local 50 1", "activities remote 49 1"], Purged(made.Json));
        Assert.Equal("came later", Text(Assert.Single(await temple.Local.DocumentsAsync("activities")), "what"));
        Assert.Equal("changed", Text(Assert.Single(await temple.Remote.DocumentsAsync("activities")), "what"));
    }

    [Fact]
    public async Task A_side_that_fails_makes_the_run_partial_and_what_was_deleted_is_told()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var proxy = new HoldingProxy(temple.Remote.Server.Port);
        await using var desk = await Desk.LaidAsync(temple.Configuration(proxy.Port, Waiting));
        await desk.InitAsync();
        await MakePipesAsync(desk);

        var backing = desk.RunAsync("backup", "temple", "--json");
        await File.ReadAllTextAsync(desk["dumped"], TestContext.Current.CancellationToken);
        await proxy.CutAsync();
        await File.WriteAllTextAsync(desk["go"], "go\n", TestContext.Current.CancellationToken);
        var made = await backing;

        Assert.Equal(3, made.Status);
        Assert.Equal(("partial", "success"), (Text(made.Json, "status"), Text(made.Json, "sync_status")));
        Assert.Equal(["activities local 50 0"], Purged(made.Json));
        Assert.Contains("The remote side was not purged whole", made.Error, StringComparison.Ordinal);
        Assert.Equal((0, 50), await temple.CountAsync("activities"));
        var run = (await desk.ExpectAsync(0, "runs", "--show", "latest", "--json")).Json;
        Assert.Equal("partial", Text(run, "status"));
        Assert.Contains(run.GetProperty("events").EnumerateArray(), one => Text(one, "message").Contains("on the local side: 50 documents deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hook_that_fails_after_the_backup_keeps_everything_in_its_place()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration(hooks: "hooks: { after: [\"false\"] }"));
        await desk.InitAsync();

        var made = await desk.ExpectAsync(3, "backup", "temple", "--purge", "all", "--json");

        Assert.Empty(made.Json.GetProperty("purged").EnumerateArray());
        Assert.Equal((50, 50), await temple.CountAsync("activities"));
    }

    [Fact]
    public async Task The_safety_backup_of_a_restore_neither_syncs_nor_purges()
    {
        await using var temple = await servers.OpenAsync();
        await temple.FillAsync();
        await using var desk = await Desk.LaidAsync(temple.Configuration());
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup", "temple");
        await temple.Remote.InsertAsync("activities", """{"_id": 2000, "what": "on the remote side alone"}""");
        await temple.Remote.InsertAsync("news", """{"_id": 1}""");

        await desk.ExpectAsync(0, "restore", "temple:latest", "--confirm");

        Assert.Equal((50, 1), await temple.CountAsync("activities"));
        Assert.Equal((0, 1), await temple.CountAsync("news"));
        await desk.ExpectAsync(0, "verify", "--test", "backup");
        Assert.Equal((50, 1), await temple.CountAsync("activities"));
    }

    /// <summary>A hook that says when the backup is made, and waits for an answer before anything is purged.</summary>
    private const string Waiting = "hooks: { after: [\"echo dumped > {0}/dumped; cat {0}/go\"] }";

    private static async Task MakePipesAsync(Desk desk) =>
        (await ChildProcess.RunAsync(new ChildCommand("mkfifo", desk["dumped"], desk["go"]))).Expect();

    private static IEnumerable<string> Purged(JsonElement backup) => backup.GetProperty("purged").EnumerateArray()
        .Select(one => $"{Text(one, "collection").Split('.')[1]} {Text(one, "side")} {one.GetProperty("deleted")} {one.GetProperty("kept")}");

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
