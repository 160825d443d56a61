using Larder.Sources.Dumps;
using Larder.Sources.MongoDb.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

[Trait("Kind", "server")]
public sealed class MongoDbRestoreTests(MongoServers servers)
{
    [Fact]
    public async Task A_folder_of_mongodump_comes_back_with_all_that_the_database_had()
    {
        var server = await servers.ReplicaSetAsync();
        await using var client = await TestClient.ConnectAsync(server);
        using var folder = new TemporaryFolder();
        await SampleDatabase.CreateAsync(client, "everything");
        var before = await client.DescribeAsync("everything");
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--db=everything");
        await client.RunAsync("everything", """{"dropDatabase": 1}""");

        var advanced = 0L;
        var dump = new FolderDump(folder.FullPath);
        var restore = new MongoDbRestore(server.Url);
        var plan = await restore.PlanAsync(dump, new DumpRestoreRequest(), CancellationToken.None);
        Assert.Empty(plan.Refusals);
        var outcome = await restore.RestoreAsync(dump, plan, bytes => Interlocked.Add(ref advanced, bytes), CancellationToken.None);

        Assert.Empty(outcome.Warnings);
        Assert.Equal(before, await client.DescribeAsync("everything"));
        Assert.Equal(plan.Bytes, advanced);
        Assert.Equal(6, outcome.Entries.Single(entry => entry.Name == "everything.plain").Rows);
    }
}
