using Larder.Testing.Servers;
using Larder.Tests.Sync;

[assembly: AssemblyFixture(typeof(TwoServers))]

namespace Larder.Tests.Sync;

/// <summary>Two real MongoDB servers: the local side is a replica set, the remote one stands alone. Started when first asked for.</summary>
public sealed class TwoServers : IAsyncDisposable
{
    private readonly Lazy<Task<MongoServer>> local = new(() => MongoServer.StartReplicaSetAsync());
    private readonly Lazy<Task<MongoServer>> remote = new(() => MongoServer.StartStandaloneAsync());
    private int names;

    /// <summary>A database that no other test has, on each of them.</summary>
    public async Task<Temple> OpenAsync()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        var name = $"temple_{Interlocked.Increment(ref names)}";
        return new Temple(new MongoTeller(await local.Value, name), new MongoTeller(await remote.Value, name));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { local, remote }.Where(server => server.IsValueCreated && server.Value.IsCompletedSuccessfully))
        {
            await (await server.Value).DisposeAsync();
        }
    }
}

/// <summary>The database of one test on two servers, and the configuration of a job for it.</summary>
public sealed record Temple(MongoTeller Local, MongoTeller Remote) : IAsyncDisposable
{
    private const string Form =
        """
        state_directory: {0}/state
        repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
        jobs:
          temple:
            sources: { db: { mongodb: { url: "LOCAL", database: DATABASE } } }
            sync: { source: db, remote: "REMOTE", primary: local, exclude: [sessions] }
            purge: { source: db, always: [activities], confirm: [bookings, employee_bookings] }
            HOOKS
        """;

    /// <param name="remotePort">Where the remote server is looked for; null for where it is.</param>
    /// <param name="hooks">More keys of the job.</param>
    public string Configuration(int? remotePort = null, string hooks = "") => Form
        .Replace("LOCAL", Local.Server.Url, StringComparison.Ordinal)
        .Replace("REMOTE", $"mongodb://127.0.0.1:{remotePort ?? Remote.Server.Port}/?serverSelectionTimeoutMS=1000", StringComparison.Ordinal)
        .Replace("DATABASE", Local.Database, StringComparison.Ordinal)
        .Replace("HOOKS", hooks, StringComparison.Ordinal);

    /// <summary>Activities and bookings on the local side, and one event on each.</summary>
    public async Task FillAsync(int activities = 50)
    {
        await Local.InsertAsync("activities", Enumerable.Range(0, activities).Select(id => $$"""{"_id": {{id}}, "what": "walked in"}"""));
        await Local.InsertAsync(
            "bookings", """{"_id": 1, "name": "John Doe", "ritual": "Puja"}""", """{"_id": 2, "name": "Jane Roe", "ritual": "Abhishekam"}""");
        await Local.InsertAsync("employee_bookings", """{"_id": 1, "name": "Clerk"}""");
        await Local.InsertAsync("events", """{"_id": "local", "updatedAt": {"$date": "2025-01-19T14:00:00Z"}}""");
        await Remote.InsertAsync("events", """{"_id": "remote", "updatedAt": {"$date": "2025-01-19T14:00:00Z"}}""");
    }

    public async Task<(long Local, long Remote)> CountAsync(string collection) =>
        (await Local.CountAsync(collection), await Remote.CountAsync(collection));

    public async ValueTask DisposeAsync()
    {
        await Local.DropAsync();
        await Remote.DropAsync();
    }
}
