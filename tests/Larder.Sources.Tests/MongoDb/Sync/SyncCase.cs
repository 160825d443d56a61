using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Sync;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Sync;

/// <summary>Two servers with a database of one test on each: a replica set as the local side, a standalone as the remote one.</summary>
internal sealed class SyncCase : IAsyncDisposable
{
    private static int names;

    private SyncCase(MongoServer local, MongoServer remote, MongoShell here, MongoShell there) =>
        (LocalServer, RemoteServer, Here, There) = (local, remote, here, there);

    public MongoServer LocalServer { get; }

    public MongoServer RemoteServer { get; }

    public MongoShell Here { get; }

    public MongoShell There { get; }

    public string Database { get; } = $"sync_{Interlocked.Increment(ref names)}";

    public MongoDbSyncSettings Settings => new()
    {
        LocalUrl = LocalServer.Url,
        RemoteUrl = RemoteServer.Url,
        Databases = [new DatabasePair(Database, Database)],
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<SyncCase> OpenAsync(MongoServers servers)
    {
        var (local, remote) = (await servers.ReplicaSetAsync(), await servers.StandaloneAsync());
        return new SyncCase(local, remote, await MongoShell.OpenAsync(local.Url), await MongoShell.OpenAsync(remote.Url));
    }

    public Task<SyncOutcome> SyncAsync(Func<MongoDbSyncSettings, MongoDbSyncSettings>? change = null) =>
        new MongoDbSync(change is null ? Settings : change(Settings)).ExecuteAsync(_ => { }, _ => { }, Cancellation);

    /// <summary>Inserts documents in Extended JSON.</summary>
    public async Task InsertAsync(MongoShell side, string collection, params IReadOnlyList<string> documents)
    {
        var answer = await side.RunAsync(Database, $$"""{"insert": "{{collection}}", "documents": [{{string.Join(", ", documents)}}]}""");
        Assert.False(answer.TryGetProperty("writeErrors", out var errors), $"{errors}");
    }

    /// <summary>The documents of a collection in canonical Extended JSON, in the order of their ids.</summary>
    public async Task<IReadOnlyList<string>> DocumentsAsync(MongoShell side, string collection)
    {
        var find = new BsonWriter();
        find.String("find", collection);
        find.StartDocument("sort");
        find.Int32("_id", 1);
        find.End();
        return [.. (await MongoCommands.ListAsync(side.Connection, Database, find, Cancellation)).Select(one => ExtendedJson.ToText(one))];
    }

    public async Task AssertSameAsync(string collection) =>
        Assert.Equal(await DocumentsAsync(Here, collection), await DocumentsAsync(There, collection));

    public async ValueTask DisposeAsync()
    {
        foreach (var side in new[] { Here, There })
        {
            await side.DropAsync(Database);
            await side.DisposeAsync();
        }
    }
}
