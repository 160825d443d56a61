using Larder.Sources.Dumps;
using Larder.Sources.MongoDb.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>The roles that the page of the restore names are enough, and they are what the guide tells people to grant.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbRestoreRightsTests(MongoServers servers)
{
    [Theory]
    [InlineData(false, """[{"role": "readWrite", "db": "rights"}, {"role": "dbAdmin", "db": "rights"}]""")]
    [InlineData(true, """[{"role": "readWrite", "db": "rights"}, {"role": "dbAdmin", "db": "rights"}, "restore", "backup"]""")]
    public async Task The_roles_of_the_page_are_enough_for_data_and_what_they_cannot_do_is_a_warning(bool mayApply, string roles)
    {
        var server = await servers.WithAccountsAsync();
        await using var client = await TestClient.ConnectAsync(server);
        using var folder = new TemporaryFolder();
        await SampleDatabase.CreateAsync(client, "rights");
        if (!mayApply)
        {
            // Nor may they write to buckets.
            await client.RunAsync("rights", """{"drop": "weather"}""");
        }
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--db=rights", "--authenticationDatabase=admin");
        var before = await client.DescribeAsync("rights");
        var outcome = await RestoreAsync(server, client, roles, folder.FullPath, new DumpRestoreRequest { MayReplace = true });

        var after = await client.DescribeAsync("rights");
        if (mayApply)
        {
            Assert.Empty(outcome.Warnings);
            Assert.Equal(before, after);
            return;
        }
        var warning = Assert.Single(outcome.Warnings);
        Assert.Equal("rights.plain", warning.Path);
        Assert.Contains("applyOps", warning.Reason, StringComparison.Ordinal);
        var plain = (string line) => line.StartsWith("plain ", StringComparison.Ordinal);
        Assert.Equal(before.Split('\n').Where(line => !plain(line)), after.Split('\n').Where(line => !plain(line)));
    }

    [Fact]
    public async Task Beside_them_restore_and_backup_are_enough_for_accounts()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync(withAccounts: true); // Users of other tests come and go.
        await using var client = await TestClient.ConnectAsync(server);
        using var folder = new TemporaryFolder();
        await client.RunAsync("admin", """{"createUser": "carla", "pwd": "first", "roles": []}""");
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--db=admin");
        await client.RunAsync("admin", """{"dropUser": "carla"}""");
        await RestoreAsync(
            server,
            client,
            """["readWriteAnyDatabase", "dbAdminAnyDatabase", "restore", "backup"]""",
            folder.FullPath,
            new DumpRestoreRequest { MayReplace = true, WithUsers = true });
        Assert.Contains("\"carla\"", await client.RunAsync("admin", """{"usersInfo": 1}"""), StringComparison.Ordinal);
        await client.RunAsync("admin", """{"dropUser": "carla"}""");
    }

    private static async Task<DumpRestoreOutcome> RestoreAsync(
        MongoServer server, TestClient client, string roles, string folder, DumpRestoreRequest request)
    {
        await client.RunAsync("admin", $$"""{"createUser": "restorer", "pwd": "of the restorer", "roles": {{roles}}}""");
        try
        {
            var dump = new FolderDump(folder);
            var restore = new MongoDbRestore(server.UrlFor("restorer", "of the restorer"));
            return await restore.RestoreLiveAsync(dump, request);
        }
        finally
        {
            await client.RunAsync("admin", """{"dropUser": "restorer"}""");
        }
    }
}
