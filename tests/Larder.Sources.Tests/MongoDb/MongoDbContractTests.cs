using Larder.Sources.MongoDb;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb;

[Trait("Kind", "server")]
public sealed class MongoDbContractTests(MongoServers servers) : SourceContract, IAsyncLifetime
{
    private readonly string database = $"contract_{Guid.NewGuid():n}";
    private MongoServer server = null!;
    private MongoShell shell = null!;

    public async ValueTask InitializeAsync()
    {
        server = await servers.ReplicaSetAsync();
        shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync(database, "things", 20_000, (bson, at) =>
        {
            bson.Int32("_id", at);
            bson.Binary("value", new byte[1000]);
        });
        await shell.InsertAsync(database, "more", 10, (bson, at) => bson.Int32("_id", at));
    }

    protected override ISource Create() =>
        new MongoDbSource(new MongoDbSettings { Url = server.Url, Databases = [database] }, TimeProvider.System);

    protected override ISource CreateMissing() =>
        new MongoDbSource(new MongoDbSettings { Url = server.Url, Databases = ["not_there"] }, TimeProvider.System);

    protected override async Task AssertContentAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        var expected = 0L;
        for (var at = 0; at < 20_000; at++)
        {
            var bson = new BsonWriter();
            bson.Int32("_id", at);
            bson.Binary("value", new byte[1000]);
            expected += bson.ToMemory().Length;
        }
        Assert.Equal(expected, files[$"{database}/things.bson"].Length);
        Assert.Equal(10 * 14, files[$"{database}/more.bson"].Length);
        var found = await shell.RunAsync(database, """{"count": "things"}""");
        Assert.Equal(20_000, found.GetProperty("n").GetInt32()); // Nothing was changed.
    }

    /// <summary>Cursors of ours that are still open on the server.</summary>
    protected override IReadOnlyList<string> FindLeftovers()
    {
        var find = new BsonWriter();
        find.Int32("aggregate", 1);
        find.StartArray("pipeline");
        find.StartDocument();
        find.StartDocument("$currentOp");
        find.Boolean("idleCursors", true);
        find.Boolean("allUsers", true);
        find.End();
        find.End();
        find.StartDocument();
        find.StartDocument("$match");
        find.String("type", "idleCursor");
        find.String("ns", $"{database}.things");
        find.End();
        find.End();
        find.End();
        find.StartDocument("cursor");
        find.End();
#pragma warning disable RS0030 // The contract asks without waiting.
        var answer = shell.RunAsync("admin", find).GetAwaiter().GetResult();
#pragma warning restore RS0030
        return [.. Bson.CopyDocuments(Bson.FindPath(answer, "cursor.firstBatch").AsDocument()).Select(item => ExtendedJson.ToText(item))];
    }

    public async ValueTask DisposeAsync()
    {
        await shell.DropAsync(database);
        await shell.DisposeAsync();
    }
}
