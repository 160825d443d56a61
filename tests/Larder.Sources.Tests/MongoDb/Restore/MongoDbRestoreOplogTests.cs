using System.Globalization;
using Larder.Sources.Dumps;
using Larder.Sources.MongoDb;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>Dumps whose collections are of different moments, and the oplog that makes one moment of them.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbRestoreOplogTests(MongoServers servers)
{
    [Fact]
    public async Task Writes_of_every_kind_that_came_while_the_dump_was_taken_are_replayed()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "log");
        var start = await NowAsync(test);

        // Before the dump: in the dump and in the oplog.
        await test.RunAsync("log", """{"insert": "plain", "documents": [{"_id": 10, "n": 1}, {"_id": 11, "n": 1}, {"_id": 12}]}""");
        await test.RunAsync("log", """{"update": "plain", "updates": [{"q": {"_id": 10}, "u": {"$inc": {"n": 5}}}]}""");
        await test.RunAsync("log", """{"delete": "plain", "deletes": [{"q": {"_id": 12}, "limit": 1}]}""");
        await test.DumpAsync("--db=log");

        // After it: in the oplog only.
        await test.RunAsync("log", """{"update": "plain", "updates": [{"q": {"_id": 10}, "u": {"$inc": {"n": 5}, "$set": {"l": 1}}}]}""");
        await test.RunAsync("log", """{"update": "plain", "updates": [{"q": {"_id": 11}, "u": {"whole": "new"}}]}""");
        await test.RunAsync("log", """{"delete": "plain", "deletes": [{"q": {"_id": 1}, "limit": 1}]}""");
        await test.RunAsync("log", """{"insert": "weather", "documents": [{"at": {"$date": "2024-01-01T00:10:00Z"}, "where": "north"}]}""");
        await test.RunAsync("log", """{"createIndexes": "plain", "indexes": [{"key": {"late": 1}, "name": "late"}]}""");
        await test.RunAsync("log", """{"createIndexes": "empty", "indexes": [{"key": {"late": 1}, "name": "late"}]}""");
        await test.RunAsync("log", """{"dropIndexes": "indexed", "index": "sparse"}""");
        await test.RunAsync("log", """{"drop": "capped"}""");
        await test.RunAsync("log", """{"create": "came later", "collation": {"locale": "fr"}}""");
        await test.RunAsync("log", """{"insert": "came later", "documents": [{"_id": 1}]}""");
        await test.RunAsync("log", """{"create": "series that came later", "timeseries": {"timeField": "t"}}""");
        await test.RunAsync("log", """{"insert": "series that came later", "documents": [{"t": {"$date": "2024-01-01T00:00:00Z"}}]}""");
        await test.RunAsync("log", """{"create": "view that came later", "viewOn": "came later", "pipeline": []}""");
        await test.RunAsync("log", """{"drop": "a view of the view"}""");
        await test.RunAsync("log", """{"collMod": "validated", "validator": {}, "validationLevel": "off"}""");
        await TransferAsync(test, "log", commit: true);
        await TransferAsync(test, "log", commit: false);
        await WriteOplogAsync(test, start);
        var expected = await test.DescribeAsync("log");

        await test.DropAsync("log");
        await test.RestoreAsync(new DumpRestoreRequest());
        Assert.Equal(expected, await test.DescribeAsync("log"));
    }

    [Fact]
    public async Task Money_that_moves_while_mongodump_reads_is_all_there_after_the_restore()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync(); // mongodump takes an oplog of whole servers only.
        await using var test = await RestoreCase.OpenAsync(server);
        await using var mover = await RestoreCase.OpenAsync(test.Server);
        await test.DropAsync("bank");
        await test.FillAsync("bank", "accounts", 2000);
        await test.RunAsync("bank", """{"update": "accounts", "updates": [{"q": {}, "u": {"$set": {"money": 100}}, "multi": true}]}""");

        using var done = new CancellationTokenSource();
        var moving = Task.Run(async () =>
        {
            var random = new Random(SeededRandom.SeedFor("money"));
            while (!done.IsCancellationRequested)
            {
                await mover.Client.InTransactionAsync(async () =>
                {
                    await mover.RunAsync("bank", Move(random.Next(2000), -1));
                    await mover.RunAsync("bank", Move(random.Next(2000), 1));
                });
            }
        });
        await test.DumpAsync("--oplog");
        await done.CancelAsync();
        await moving;

        await test.DropAsync("bank");
        await test.RestoreAsync(new DumpRestoreRequest { Entries = ["bank"] });
        var sum = await test.RunAsync("bank", """
            {"aggregate": "accounts", "pipeline": [{"$group": {"_id": null, "sum": {"$sum": "$money"}, "n": {"$sum": 1}}}], "cursor": {}}
            """);
        Assert.Contains("\"sum\":200000,\"n\":2000", sum, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Collections_that_are_not_asked_for_are_not_written_to()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("partly");
        await test.FillAsync("partly", "a", 3);
        await test.FillAsync("partly", "b", 3);
        await test.DumpAsync("--db=partly");
        var start = await NowAsync(test);
        await test.FillAsync("partly", "c", 3);
        await test.RunAsync("partly", """{"delete": "a", "deletes": [{"q": {"_id": 1}, "limit": 1}]}""");
        await test.RunAsync("partly", """{"delete": "b", "deletes": [{"q": {"_id": 1}, "limit": 1}]}""");
        await WriteOplogAsync(test, start);
        await test.DropAsync("partly");
        await test.RestoreAsync(new DumpRestoreRequest { Entries = ["partly.a"] });
        Assert.Equal(["a"], await test.NamesAsync("partly"));
        Assert.Equal(2, (await test.Client.FingerprintAsync("partly", "a")).Rows);
    }

    [Fact]
    public async Task A_rename_that_cannot_be_replayed_beside_live_data_ends_the_restore_and_changes_nothing()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("renamed");
        await test.FillAsync("renamed", "a", 3);
        await test.DumpAsync("--db=renamed");
        var start = await NowAsync(test);
        await test.RunAsync("admin", """{"renameCollection": "renamed.a", "to": "renamed.b"}""");
        await WriteOplogAsync(test, start);
        var before = await test.DescribeAsync("renamed");
        var error = await Assert.ThrowsAsync<SourceException>(() => test.RestoreAsync(new DumpRestoreRequest { MayReplace = true }));
        Assert.Contains("renameCollection", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await test.DescribeAsync("renamed"));
    }

    private static string Move(int account, int money) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"update\": \"accounts\", \"updates\": [{{\"q\": {{\"_id\": {account}}}, \"u\": {{\"$inc\": {{\"money\": {money}}}}}}}]}}");

    private static async Task TransferAsync(RestoreCase test, string database, bool commit) => await test.Client.InTransactionAsync(
        async () =>
        {
            await test.RunAsync(database, $$"""{"insert": "plain", "documents": [{"_id": "in a transaction, {{commit}}"}]}""");
            await test.RunAsync(database, """{"update": "clustered", "updates": [{"q": {"_id": 2}, "u": {"$inc": {"x": 1}}}]}""");
        },
        commit);

    private static async Task<ulong> NowAsync(RestoreCase test)
    {
        var last = await test.Client.ListAsync("local", """{"find": "oplog.rs", "sort": {"$natural": -1}, "limit": 1}""");
        return Bson.Find(last[0], "ts").AsTimestamp();
    }

    /// <summary>All that was written after a moment, by anybody, as mongodump --oplog keeps it.</summary>
    private static async Task WriteOplogAsync(RestoreCase test, ulong start)
    {
        var filter = $$$$"""
            {"find": "oplog.rs", "filter": {"ts": {"$gt": {"$timestamp": {"t": {{{{start >> 32}}}}, "i": {{{{(uint)start}}}}} } } } }
            """;
        var entries = await test.Client.ListAsync("local", filter);
        Assert.NotEmpty(entries);
        await using var file = File.Create(Path.Combine(test.Folder, "oplog.bson"));
        foreach (var entry in entries)
        {
            await file.WriteAsync(entry);
        }
    }
}
