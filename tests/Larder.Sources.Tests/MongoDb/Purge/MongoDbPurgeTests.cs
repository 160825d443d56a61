using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Purge;
using Larder.Sources.Tests.MongoDb.Sync;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb.Purge;

[Trait("Kind", "server")]
public sealed class MongoDbPurgeTests(MongoServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_what_the_dump_holds_and_nobody_changed_since_goes()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.Here.InsertAsync(bench.Database, "activities", 5000, (document, id) =>
        {
            document.Int32("_id", id);
            document.Int64("count", id);
            document.String("$odd.name", "text");
        });
        await bench.InsertAsync(bench.Here, "bookings", """{"_id": 1}""");
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = bench.LocalServer.Url, Databases = [bench.Database] }, folder.FullPath);
        await bench.InsertAsync(bench.Here, "activities", """{"_id": 9999, "count": 1}""");
        await bench.Here.RunAsync(bench.Database, """{"update": "activities", "updates": [{"q": {"_id": 7}, "u": {"$set": {"more": true}}}, {"q": {"_id": 8}, "u": {"$set": {"count": 8}}}]}""");
        await bench.Here.RunAsync(bench.Database, """{"delete": "activities", "deletes": [{"q": {"_id": 9}, "limit": 1}]}""");

        var count = await PurgeAsync(bench, bench.LocalServer.Url, folder.FullPath, "activities");

        Assert.Equal((4997, 3), (count.Deleted, count.Kept!.Value)); // Number 8 is a number of 32 bits now, and was one of 64.
        Assert.Equal(["7", "8", "9999"], (await bench.DocumentsAsync(bench.Here, "activities")).Select(one => one.Split("\"$numberInt\":\"")[1].Split('"')[0]));
        Assert.Single(await bench.DocumentsAsync(bench.Here, "bookings"));
        Assert.Equal(0, (await PurgeAsync(bench, bench.LocalServer.Url, folder.FullPath, $"{bench.Database}.activities")).Deleted); // Again.
        Assert.Equal(0, (await PurgeAsync(bench, bench.RemoteServer.Url, folder.FullPath, "activities")).Deleted); // Where it never was.
    }

    [Fact]
    public async Task A_collation_does_not_make_a_changed_text_the_same()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.Here.RunAsync(bench.Database, """{"create": "people", "collation": {"locale": "en", "strength": 1}}""");
        await bench.InsertAsync(bench.Here, "people", """{"_id": "a", "name": "Bob"}""", """{"_id": "b", "name": "Eve", "x": {"y": ["z"]}}""", """{"_id": "C", "name": "Joe"}""");
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = bench.LocalServer.Url, Databases = [bench.Database] }, folder.FullPath);
        await bench.Here.RunAsync(bench.Database, """{"update": "people", "updates": [{"q": {"_id": "a"}, "u": {"$set": {"name": "BOB"}}}]}""");
        await bench.Here.RunAsync(bench.Database, """{"delete": "people", "deletes": [{"q": {"_id": "C"}, "limit": 1}]}""");
        await bench.InsertAsync(bench.Here, "people", """{"_id": "c", "name": "Joe"}""");

        var count = await PurgeAsync(bench, bench.LocalServer.Url, folder.FullPath, "people");

        Assert.Equal((1, 2), (count.Deleted, count.Kept!.Value));
        Assert.DoesNotContain(await bench.DocumentsAsync(bench.Here, "people"), one => one.Contains("Eve", StringComparison.Ordinal));
    }

    [Fact]
    public Task Whatever_happens_after_the_dump_stays() => SeededRandom.RunManyAsync(4, async random =>
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        var live = Enumerable.Range(0, random.Next(1, 2500)).ToDictionary(id => id, _ => random.Next(3));
        await WriteAsync(bench, live);
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = bench.LocalServer.Url, Databases = [bench.Database] }, folder.FullPath);
        var dumped = live.ToDictionary();
        foreach (var id in Enumerable.Range(0, live.Count + 50).Where(_ => random.Next(3) == 0))
        {
            if (random.Next(3) > 0 || !live.Remove(id))
            {
                live[id] = random.Next(3); // Written anew; to what it was, as it may be.
            }
        }
        await bench.Here.RunAsync(bench.Database, """{"delete": "c", "deletes": [{"q": {}, "limit": 0}]}""");
        await WriteAsync(bench, live);
        var expected = live.Where(one => !dumped.TryGetValue(one.Key, out var then) || then != one.Value).Select(one => one.Key).Order().ToList();

        var count = await PurgeAsync(bench, bench.LocalServer.Url, folder.FullPath, "c");

        Assert.Equal((live.Count - expected.Count, expected.Count), (count.Deleted, count.Kept!.Value));
        var left = await bench.DocumentsAsync(bench.Here, "c");
        Assert.Equal(expected, left.Select(one => Bson.Find(ExtendedJson.Parse(one), "_id").AsInt32()));
    });

    private static Task WriteAsync(SyncCase bench, Dictionary<int, int> documents)
    {
        var ids = documents.Keys.Order().ToList();
        return bench.Here.InsertAsync(bench.Database, "c", ids.Count, (document, at) =>
        {
            document.Int32("_id", ids[at]);
            document.Int32("value", documents[ids[at]]);
        });
    }

    [Fact]
    public async Task The_largest_documents_go_too()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.Here.InsertAsync(bench.Database, "large", 2, (document, at) =>
        {
            document.Int32("_id", at);
            document.Binary("data", new byte[(16 * 1024 * 1024) - 100]);
        });
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = bench.LocalServer.Url, Databases = [bench.Database] }, folder.FullPath);

        Assert.Equal(2, (await PurgeAsync(bench, bench.LocalServer.Url, folder.FullPath, "large")).Deleted);
    }

    [Fact]
    public async Task A_large_document_that_cannot_be_compared_past_a_collation_stays_and_fails_the_purge()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.Here.RunAsync(bench.Database, """{"create": "people", "collation": {"locale": "en", "strength": 1}}""");
        await bench.Here.InsertAsync(bench.Database, "people", 1, (document, at) =>
        {
            document.Int32("_id", at);
            document.Binary("data", new byte[9 * 1024 * 1024]);
        });
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = bench.LocalServer.Url, Databases = [bench.Database] }, folder.FullPath);

        await Assert.ThrowsAsync<SourceException>(() => PurgeAsync(bench, bench.LocalServer.Url, folder.FullPath, "people"));

        Assert.Single(await bench.DocumentsAsync(bench.Here, "people"));
    }

    [Fact]
    public async Task Nothing_is_purged_of_a_view()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.InsertAsync(bench.Here, "people", """{"_id": 1}""");
        await bench.Here.RunAsync(bench.Database, """{"create": "adults", "viewOn": "people", "pipeline": []}""");
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = bench.LocalServer.Url, Databases = [bench.Database] }, folder.FullPath);

        var error = await Assert.ThrowsAsync<SourceException>(() => MongoDbPurge.FindAsync(new FolderDump(folder.FullPath), ["adults"], Cancellation));

        Assert.Contains("adults", error.Message, StringComparison.Ordinal);
    }

    private static async Task<PurgeCount> PurgeAsync(SyncCase bench, string url, string folder, string name)
    {
        var dump = new FolderDump(folder);
        var found = Assert.Single(await MongoDbPurge.FindAsync(dump, [name], Cancellation));
        var count = new PurgeCount();
        await using var purge = await MongoDbPurge.ConnectAsync(url, Cancellation);
        await purge.PurgeAsync(dump, found, bench.Database, count, Cancellation);
        return count;
    }
}
