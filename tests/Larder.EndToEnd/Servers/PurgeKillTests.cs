using System.Buffers.Binary;
using Larder.Sources.MongoDb;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

/// <summary>The program killed while it empties collections: whatever is gone from the servers is in a backup.</summary>
[Trait("Kind", "server")]
public sealed class PurgeKillTests(DatabaseServers servers)
{
    private const int Documents = 20_000;

    private static readonly int Kills = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 50 : 3;

    [Fact]
    public Task Kill_nine_in_the_midst_of_a_purge_loses_nothing_and_the_next_backup_goes_on() => SeededRandom.RunAsync(async random =>
    {
        var server = await servers.MongoAsync();
        var (local, remote) = (new MongoTeller(server, servers.NameDatabase("temple")), new MongoTeller(server, servers.NameDatabase("cloud")));
        await using var desk = await ServerDesk.CreateAsync("mongodb", UrlOf(local), job: $$"""
            sync: { source: db, remote: "{{UrlOf(remote)}}", primary: local }
                purge: { source: db, always: [activities] }
                hooks: { after: ["[ ! -p go ] || { echo dumped > dumped; cat go; }"] }
            """);
        await FillAsync(local, 0);
        var began = TimeProvider.System.GetTimestamp();
        await desk.Larder.ExpectAsync(0, "backup", "app");
        var usual = TimeProvider.System.GetElapsedTime(began) / 2; // Half of it is the purge, or less.
        var (inserted, midst) = (Documents, 0);

        for (var kill = 0; kill < Kills; kill++)
        {
            await FillAsync(local, inserted);
            inserted += Documents;
            (await ChildProcess.RunAsync(new ChildCommand("mkfifo", desk["dumped"], desk["go"]))).Expect();
            await using var child = desk.Larder.Start("backup", "app");
            await File.ReadAllTextAsync(desk["dumped"], TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(desk["go"], "go\n", TestContext.Current.CancellationToken);
            await child.KillAfterAsync(usual * random.NextDouble(), TimeProvider.System);
            File.Delete(desk["dumped"]);
            File.Delete(desk["go"]);
            var (here, there) = (await local.CountAsync("activities"), await remote.CountAsync("activities"));
            midst += here + there is > 0 and < 2 * Documents ? 1 : 0;

            var next = await desk.Larder.JsonAsync("backup", "app"); // Its sync brings back what one side had lost already.

            Assert.Equal(["success", "success"], new[] { "status", "sync_status" }.Select(name => next.GetProperty(name).GetString()));
            Assert.Equal(Math.Max(here, there), next.GetProperty("purged")[0].GetProperty("deleted").GetInt64());
            Assert.Equal((0, 0), (await local.CountAsync("activities"), await remote.CountAsync("activities")));
        }

        Assert.True(midst > 0, "No kill met a purge in its midst.");
        Assert.Equal(Enumerable.Range(0, inserted), (await IdsInBackupsAsync(desk)).Order());
        var runs = (await desk.Larder.JsonAsync("runs", "--limit", "1000")).EnumerateArray().Select(run => run.GetProperty("status").GetString());
        Assert.DoesNotContain("in_progress", runs);
    });

    private static string UrlOf(MongoTeller database) =>
        database.Server.Url.Replace("/?", $"/{database.Database}?", StringComparison.Ordinal);

    private static async Task FillAsync(MongoTeller database, int first)
    {
        await database.InsertAsync(
            "activities", Enumerable.Range(first, Documents).Select(id => $$"""{"_id": {{id}}, "what": "walked in {{id % 7}}"}"""));
    }

    /// <summary>Of the collection in all backups, as their export has it.</summary>
    private static async Task<HashSet<int>> IdsInBackupsAsync(ServerDesk desk)
    {
        var ids = new HashSet<int>();
        foreach (var backup in (await desk.Larder.JsonAsync("list")).EnumerateArray())
        {
            var id = backup.GetProperty("backup_id").GetString()!;
            await desk.Larder.ExpectAsync(0, "export", id, "--to", desk[$"export-{id}"]);
            var file = Assert.Single(Directory.GetFiles(desk[$"export-{id}"], "activities.bson", SearchOption.AllDirectories));
            var documents = (await File.ReadAllBytesAsync(file)).AsMemory();
            while (!documents.IsEmpty)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(documents.Span);
                ids.Add(Bson.Find(documents.Span[..length], "_id").AsInt32());
                documents = documents[length..];
            }
        }
        return ids;
    }
}
