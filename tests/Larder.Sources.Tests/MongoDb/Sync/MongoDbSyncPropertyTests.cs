using Larder.Sources.MongoDb;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb.Sync;

/// <summary>Random histories on both sides, held against a few lines that say what a sync is.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbSyncPropertyTests(MongoServers servers)
{
    private sealed record Version(string Kind, long Time, byte[] Document);

    [Fact]
    public Task After_a_sync_both_sides_are_equal_each_document_is_the_newest_of_the_two_and_a_second_one_changes_nothing() =>
        SeededRandom.RunManyAsync(6, async random =>
        {
            await using var bench = await SyncCase.OpenAsync(servers);
            var (here, there) = (new Dictionary<int, Version>(), new Dictionary<int, Version>());
            var ids = Enumerable.Range(0, random.Next(1, 3000)).ToList();
            for (var round = 0; round < 3; round++)
            {
                // What happens to each side between two syncs. A document that is gone on one side comes back from the other.
                foreach (var side in new[] { here, there })
                {
                    foreach (var id in ids)
                    {
                        switch (random.Next(6))
                        {
                            case 0:
                                side.Remove(id);
                                break;
                            case 1 or 2:
                                side[id] = NewVersion(random, id);
                                break;
                        }
                    }
                }
                await WriteAsync(bench, bench.Here, here);
                await WriteAsync(bench, bench.There, there);
                var conflicts = ids.Count(id => here.ContainsKey(id) && there.ContainsKey(id)
                    && Winner(here[id], there[id]) is null && !here[id].Document.AsSpan().SequenceEqual(there[id].Document));
                var newest = ids.Where(id => here.ContainsKey(id) || there.ContainsKey(id)).ToDictionary(id => id, id =>
                    !here.TryGetValue(id, out var mine) ? there[id] : !there.TryGetValue(id, out var theirs) ? mine : Winner(mine, theirs) ?? mine);

                var done = await bench.SyncAsync();

                var expected = newest.Values.Select(version => ExtendedJson.ToText(version.Document)).Order(StringComparer.Ordinal).ToList();
                Assert.Equal(expected, (await bench.DocumentsAsync(bench.Here, "c")).Order(StringComparer.Ordinal));
                Assert.Equal(expected, (await bench.DocumentsAsync(bench.There, "c")).Order(StringComparer.Ordinal));
                Assert.Equal(conflicts, done.Conflicts);
                Assert.Equal(0, done.Refused);
                Assert.All((await bench.SyncAsync()).Collections, collection => Assert.True(collection.IsUnchanged));
                (here, there) = (newest.ToDictionary(), newest.ToDictionary());
            }
        });

    /// <summary>Null where neither is newer.</summary>
    private static Version? Winner(Version mine, Version theirs) =>
        mine.Kind != theirs.Kind || mine.Kind == "none" || mine.Time == theirs.Time ? null : mine.Time > theirs.Time ? mine : theirs;

    private static Version NewVersion(Random random, int id)
    {
        var kind = random.Next(8) switch { 0 => "none", 1 => "text", _ => "date" };
        var time = random.NextInt64(1000, 1040);
        var document = new BsonWriter();
        switch (id % 5)
        {
            case 0:
                document.Int32("_id", id);
                break;
            case 1:
                document.String("_id", $"id {id}");
                break;
            case 2:
                document.ObjectId("_id", [.. BitConverter.GetBytes(id), 0, 0, 0, 0, 0, 0, 0, 0]);
                break;
            case 3:
                document.StartDocument("_id");
                document.Int64("n", id);
                document.End();
                break;
            default:
                document.DateTime("_id", id);
                break;
        }
        if (random.Next(2) == 0)
        {
            document.Double("value", random.Next(3));
        }
        if (kind == "date")
        {
            document.DateTime("updatedAt", time);
        }
        else if (kind == "text")
        {
            document.String("updatedAt", $"{time}");
        }
        document.String("text", new string('x', random.Next(20)));
        return new Version(kind, time, document.ToArray());
    }

    private static async Task WriteAsync(SyncCase bench, MongoShell side, Dictionary<int, Version> versions)
    {
        await side.RunAsync(bench.Database, """{"delete": "c", "deletes": [{"q": {}, "limit": 0}]}""");
        var insert = new BsonWriter();
        insert.String("insert", "c");
        insert.StartArray("documents");
        foreach (var version in versions.Values)
        {
            insert.Document(null, version.Document);
        }
        insert.End();
        if (versions.Count > 0)
        {
            Assert.Equal(versions.Count, Bson.Find(await side.RunAsync(bench.Database, insert), "n").AsInt32());
        }
    }
}
