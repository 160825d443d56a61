using Larder.Sources.Tests.MongoDb;
using Larder.Testing.Servers;

[assembly: AssemblyFixture(typeof(MongoServers))]

namespace Larder.Sources.Tests.MongoDb;

/// <summary>The MongoDB servers that the tests of this assembly share, each started when the first test asks for it.</summary>
public sealed class MongoServers : IAsyncDisposable
{
    private readonly Lazy<Task<MongoServer>> replicaSet = new(() => MongoServer.StartReplicaSetAsync());
    private readonly Lazy<Task<MongoServer>> standalone = new(() => MongoServer.StartStandaloneAsync());
    private readonly Lazy<Task<MongoServer>> withAccounts = new(() => MongoServer.StartReplicaSetAsync(withAccounts: true));

    public Task<MongoServer> ReplicaSetAsync() => AskFor(replicaSet);

    public Task<MongoServer> StandaloneAsync() => AskFor(standalone);

    /// <summary>A replica set whose clients must name themselves.</summary>
    public Task<MongoServer> WithAccountsAsync() => AskFor(withAccounts);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { replicaSet, standalone, withAccounts }.Where(server => server.IsValueCreated))
        {
            await (await server.Value).DisposeAsync();
        }
    }

    private static Task<MongoServer> AskFor(Lazy<Task<MongoServer>> server)
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        return server.Value;
    }
}
