using Larder.EndToEnd.Servers;
using Larder.Testing.Servers;

[assembly: AssemblyFixture(typeof(DatabaseServers))]

namespace Larder.EndToEnd.Servers;

/// <summary>The real servers of this assembly, each started when the first test asks for it, and stopped at the end.</summary>
public sealed class DatabaseServers : IAsyncDisposable
{
    private readonly SharedPostgresServer postgres = new();
    private readonly MariaDbFixture mariaDb = new();
    private readonly Lazy<Task<MongoServer>> mongo = new(() => MongoServer.StartReplicaSetAsync());
    private int names;

    public Task<PostgresServer> PostgresAsync() => postgres.GetAsync(TestContext.Current.CancellationToken);

    public Task<MariaDbServer> MariaDbAsync() => mariaDb.GetAsync();

    public Task<MongoServer> MongoAsync()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        return mongo.Value;
    }

    /// <summary>A name that no other test's database has.</summary>
    public string NameDatabase(string prefix) => $"{prefix}_{Interlocked.Increment(ref names)}";

    public async ValueTask DisposeAsync()
    {
        await postgres.DisposeAsync();
        await mariaDb.DisposeAsync();
        if (mongo.IsValueCreated && mongo.Value.IsCompletedSuccessfully)
        {
            await (await mongo.Value).DisposeAsync();
        }
    }
}
