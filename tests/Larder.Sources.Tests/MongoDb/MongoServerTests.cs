using System.Net.Sockets;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb;

[Trait("Kind", "server")]
public sealed class MongoServerTests(MongoServers servers)
{
    [Fact]
    public async Task A_standalone_is_read_by_mongodump()
    {
        var server = await servers.StandaloneAsync();
        using var folder = new TemporaryFolder();
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--db=admin");
        Assert.True(Directory.Exists(folder["admin"]));
    }

    [Fact]
    public async Task A_server_with_accounts_turns_strangers_away_and_lets_its_owner_in()
    {
        var server = await servers.WithAccountsAsync();
        using var folder = new TemporaryFolder();
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--db=admin");
        Assert.True(File.Exists(folder.Combine("admin", "system.users.bson")));

        var refused = await Assert.ThrowsAsync<ChildFailedException>(
            () => MongoTools.DumpAsync(server.UrlFor("stranger", "guessed"), folder["none"], "--db=admin"));
        Assert.Contains("auth", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_killed_server_is_gone_and_starts_again_on_its_data()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync();
        using var folder = new TemporaryFolder();
        await server.KillAsync();
        using (var client = new TcpClient())
        {
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync("127.0.0.1", server.Port));
        }

        await server.StartAgainAsync();
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--oplog");
        Assert.True(File.Exists(folder["oplog.bson"]));
    }
}
