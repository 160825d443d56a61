using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.Tests.MongoDb.Restore;

[Trait("Kind", "server")]
public sealed class MongoDbRestoreTests(MongoServers servers)
{
    [Fact]
    public async Task A_folder_of_mongodump_comes_back_with_all_that_the_database_had()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "everything");
        var before = await test.DescribeAsync("everything");
        await test.DumpAsync("--db=everything");
        await test.DropAsync("everything");

        var advanced = 0L;
        var restore = new MongoDbRestore(test.Server.Url);
        var plan = await restore.PlanAsync(test.Dump, new DumpRestoreRequest(), CancellationToken.None);
        Assert.Empty(plan.Refusals);
        Assert.Empty(plan.Replaced);
        Assert.Equal($"mongodb://127.0.0.1:{test.Server.Port}/everything", plan.Target);
        var outcome = await restore.RestoreAsync(
            test.Dump, plan, bytes => Interlocked.Add(ref advanced, bytes), CancellationToken.None);
        var exchange = restore.ExchangeFor(plan.Exchange!);
        Assert.Equal(ExchangeState.Beside, await exchange.LookAsync(CancellationToken.None));
        await exchange.ExchangeAsync(CancellationToken.None);
        await exchange.ForgetAsync(CancellationToken.None);

        Assert.Empty(outcome.Warnings);
        Assert.Equal(before, await test.DescribeAsync("everything"));
        Assert.Equal(plan.Bytes, advanced);
        Assert.Equal(6, outcome.Entries.Single(entry => entry.Name == "everything.plain").Rows);
    }

    [Fact]
    public async Task A_standalone_server_takes_the_same_dump()
    {
        await using var source = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await using var test = await RestoreCase.OpenAsync(await servers.StandaloneAsync());
        await SampleDatabase.CreateAsync(source.Client, "toalone");
        await source.DumpAsync("--db=toalone");
        await test.RestoreAsync(new DumpRestoreRequest(), source.Dump);
        Assert.Equal(await source.DescribeAsync("toalone"), await test.DescribeAsync("toalone"));
    }

    [Fact]
    public async Task What_stands_is_refused_by_name_and_replaced_only_where_that_is_allowed()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "replaced");
        await test.DumpAsync("--db=replaced");
        var original = await test.DescribeAsync("replaced");

        await test.RunAsync("replaced", """{"insert": "plain", "documents": [{"_id": "new"}]}""");
        await test.RunAsync("replaced", """{"delete": "indexed", "deletes": [{"q": {}, "limit": 0}]}""");
        await test.RunAsync("replaced", """{"dropIndexes": "indexed", "index": "*"}""");
        await test.RunAsync("replaced", """{"insert": "weather", "documents": [{"at": {"$date": "2024-06-01T00:00:00Z"}}]}""");
        await test.RunAsync("replaced", """{"drop": "view"}""");
        await test.RunAsync("replaced", """{"create": "view", "viewOn": "capped", "pipeline": []}""");
        await test.RunAsync("replaced", """{"update": "system.js", "updates": [{"q": {"_id": "twice"}, "u": {"$set": {"value": 1}}}]}""");
        await test.RunAsync("replaced", """{"insert": "system.js", "documents": [{"_id": "thrice", "value": 3}]}""");
        var changed = await test.DescribeAsync("replaced");

        var refused = await test.PlanAsync(new DumpRestoreRequest());
        Assert.Contains("replaced.plain holds documents on the server and may not be replaced.", refused.Refusals);
        Assert.Contains("The view replaced.view stands on the server and may not be replaced.", refused.Refusals);
        Assert.DoesNotContain(refused.Refusals, refusal => refusal.Contains("replaced.indexed ", StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<SourceException>(
            () => new MongoDbRestore(test.Server.Url).RestoreAsync(test.Dump, refused, _ => { }, CancellationToken.None));
        Assert.Equal(SourceError.TargetExists, error.Error);
        Assert.Equal(changed, await test.DescribeAsync("replaced"));

        var allowed = await test.PlanAsync(new DumpRestoreRequest { MayReplace = true });
        Assert.Contains("replaced.weather", allowed.Replaced);
        await test.RestoreAsync(new DumpRestoreRequest { MayReplace = true });
        Assert.Equal(original, await test.DescribeAsync("replaced"));
    }

    [Fact]
    public async Task Things_of_one_kind_give_way_to_things_of_another()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("kinds");
        await test.RunAsync("kinds", """{"insert": "a", "documents": [{"_id": 1}]}""");
        await test.RunAsync("kinds", """{"create": "b", "viewOn": "a", "pipeline": []}""");
        await test.RunAsync("kinds", """{"create": "c", "timeseries": {"timeField": "t"}}""");
        await test.RunAsync("kinds", """{"insert": "c", "documents": [{"t": {"$date": "2024-01-01T00:00:00Z"}}]}""");
        await test.RunAsync("kinds", """{"create": "d", "timeseries": {"timeField": "t"}}""");
        await test.RunAsync("kinds", """{"create": "e", "viewOn": "c", "pipeline": []}""");
        await test.RunAsync("kinds", """{"insert": "f", "documents": [{"_id": 1}]}""");
        await test.DumpAsync("--db=kinds");
        var original = await test.DescribeAsync("kinds");

        await test.DropAsync("kinds");
        await test.RunAsync("kinds", """{"create": "a", "viewOn": "b", "pipeline": []}"""); // With the dump's b a circle.
        await test.RunAsync("kinds", """{"insert": "b", "documents": [{"_id": 1}]}""");
        await test.RunAsync("kinds", """{"create": "c", "timeseries": {"timeField": "t", "metaField": "other"}}""");
        await test.RunAsync("kinds", """{"insert": "d", "documents": [{"_id": 1}]}""");
        await test.RunAsync("kinds", """{"create": "e", "timeseries": {"timeField": "t"}}""");
        await test.RunAsync("kinds", """{"insert": "e", "documents": [{"t": {"$date": "2024-01-01T00:00:00Z"}}]}""");
        await test.RunAsync("kinds", """{"create": "f", "timeseries": {"timeField": "t"}}""");
        await test.RestoreAsync(new DumpRestoreRequest { MayReplace = true });
        Assert.Equal(original, await test.DescribeAsync("kinds"));
    }

    [Fact]
    public async Task One_collection_goes_to_another_database_and_leaves_the_others_there_alone()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "from");
        await test.DumpAsync("--db=from");
        await test.DropAsync("to");
        await test.RunAsync("to", """{"insert": "other", "documents": [{"_id": 1}]}""");

        var request = new DumpRestoreRequest { Entries = ["from.50% of.ünï/cödé"], DatabaseName = "to" };
        var plan = await test.PlanAsync(request);
        Assert.Equal("Leave alone what is not in the restore: to.other.", plan.Steps[^1]);
        await test.RestoreAsync(request);
        Assert.Equal(["50% of.ünï/cödé", "other"], await test.NamesAsync("to"));
        Assert.Equal(
            await test.Client.FingerprintAsync("from", "50% of.ünï/cödé"), await test.Client.FingerprintAsync("to", "50% of.ünï/cödé"));

        await test.DropAsync("to");
        await test.RestoreAsync(new DumpRestoreRequest { Entries = ["from"], DatabaseName = "to" });
        Assert.Equal(await test.DescribeAsync("from"), await test.DescribeAsync("to"));
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused_in_words()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.RunAsync("one", """{"update": "a", "updates": [{"q": {"_id": 1}, "u": {"x": 1}, "upsert": true}]}""");
        await test.RunAsync("two", """{"update": "a", "updates": [{"q": {"_id": 1}, "u": {"x": 1}, "upsert": true}]}""");
        await test.DumpAsync("--db=one");
        await test.DumpAsync("--db=two");
        var unknown = await test.PlanAsync(new DumpRestoreRequest { Entries = ["one.b"], MayReplace = true });
        Assert.Equal(["The backup holds no collection and no database that is named one.b."], unknown.Refusals);
        var two = await test.PlanAsync(new DumpRestoreRequest { Entries = ["one", "two"], DatabaseName = "three" });
        Assert.Equal(["Only a dump of one database can be restored under another name, and this one holds one, two."], two.Refusals);
        var named = await test.PlanAsync(new DumpRestoreRequest { Entries = ["one"], DatabaseName = "a.b" });
        Assert.Equal(["A database cannot be named \"a.b\"."], named.Refusals);
    }

    [Fact]
    public async Task Definitions_and_documents_come_back_apart()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "parts");
        await test.DumpAsync("--db=parts");
        var original = await test.DescribeAsync("parts");
        await test.DropAsync("parts");

        var onlyData = await test.PlanAsync(new DumpRestoreRequest { Part = DumpPart.Data });
        Assert.Contains(
            "There is no parts.plain that documents alone could be restored into; restore its definition too.", onlyData.Refusals);
        await test.RestoreAsync(new DumpRestoreRequest { Part = DumpPart.Schema });
        Assert.Equal(0, (await test.Client.FingerprintAsync("parts", "plain")).Rows);
        await test.RestoreAsync(new DumpRestoreRequest { Part = DumpPart.Data });
        Assert.Equal(original, await test.DescribeAsync("parts"));
    }

    [Fact]
    public async Task Documents_other_than_the_manifest_recorded_do_not_replace_anything()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("recorded");
        await test.FillAsync("recorded", "a", 10);
        await test.DumpAsync("--db=recorded");
        var right = new EntryFacts
        {
            Name = "recorded.a",
            Kind = "collection",
            File = "recorded/a.bson",
            Rows = 10,
            Fingerprint = await test.Client.FingerprintAsync("recorded", "a"),
        };
        await test.DropAsync("recorded");
        await test.FillAsync("recorded", "a", 3, "another");
        var before = await test.DescribeAsync("recorded");

        foreach (var wrong in new[] { right with { Rows = 11 }, right with { Fingerprint = new Fingerprint(10, 1) } })
        {
            var error = await Assert.ThrowsAsync<SourceException>(
                () => test.RestoreAsync(new DumpRestoreRequest { MayReplace = true, Recorded = [wrong] }));
            Assert.Equal(SourceError.Mismatch, error.Error);
            Assert.Contains("recorded.a", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, await test.DescribeAsync("recorded"));
        }
        var outcome = await test.RestoreAsync(new DumpRestoreRequest { MayReplace = true, Recorded = [right] });
        Assert.Equal(right.Fingerprint, outcome.Entries.Single().Fingerprint);
        Assert.Equal(right.Fingerprint, await test.Client.FingerprintAsync("recorded", "a"));
    }

    [Fact]
    public async Task Documents_that_are_old_by_the_clock_of_their_collection_are_compared_before_they_go()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("clock");
        await test.RunAsync("clock", """{"create": "ts", "timeseries": {"timeField": "t"}, "expireAfterSeconds": 1000000000}""");
        await test.RunAsync("clock", """{"insert": "ts", "documents": [{"t": {"$date": "2024-01-01T00:00:00Z"}}]}""");
        await test.DumpAsync("--db=clock");
        await test.DropAsync("clock");
        await test.RestoreAsync(new DumpRestoreRequest());
        var options = await test.RunAsync("clock", """{"listCollections": 1, "filter": {"name": "ts"}}""");
        Assert.Contains("\"expireAfterSeconds\":1000000000", options, StringComparison.Ordinal);
        var buckets = await test.RunAsync("clock", """{"listCollections": 1, "filter": {"name": "system.buckets.ts"}}""");
        Assert.Contains("\"expireAfterSeconds\":1000000000", buckets, StringComparison.Ordinal);
    }
}
