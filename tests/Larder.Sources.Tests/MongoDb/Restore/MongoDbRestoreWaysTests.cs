using Larder.Sources.Dumps;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>Restores in place, under another name, and with everything read back.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbRestoreWaysTests(MongoServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_place_everything_is_written_over_what_stands_and_nothing_is_kept()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "inplace");
        await test.DumpAsync("--db=inplace");
        var original = await test.DescribeAsync("inplace");
        await test.RunAsync("inplace", """{"insert": "plain", "documents": [{"_id": "new"}]}""");
        await test.RunAsync("inplace", """{"drop": "view"}""");
        await test.RunAsync("inplace", """{"insert": "view", "documents": [{"_id": 1}]}""");
        await test.RunAsync("inplace", """{"drop": "empty"}""");
        await test.RunAsync("inplace", """{"create": "empty", "viewOn": "a view of the view", "pipeline": []}""");
        await test.RunAsync("inplace", """{"insert": "system.js", "documents": [{"_id": "thrice", "value": 3}]}""");

        var request = new DumpRestoreRequest { MayReplace = true, Overwrites = true, ReadsBack = true };
        var plan = await test.PlanAsync(request);
        Assert.Null(plan.Exchange);
        Assert.Contains("inplace.plain", plan.Replaced);
        Assert.Contains(plan.Steps, step =>
            step.StartsWith("Drop the collection inplace.plain and write it anew", StringComparison.Ordinal)
            && step.Contains("only the safety backup leads back", StringComparison.Ordinal));
        await test.RestoreAsync(request);
        Assert.Equal(original, await test.DescribeAsync("inplace"));
        await test.RestoreAsync(request with { Part = DumpPart.Data });
        Assert.Equal(original, await test.DescribeAsync("inplace"));
    }

    [Fact]
    public async Task One_collection_comes_back_under_another_name_beside_the_live_one()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "named");
        await test.DumpAsync("--db=named");
        var live = await test.DescribeAsync("named");

        var request = new DumpRestoreRequest { Entries = ["named.indexed"], EntryName = "indexed.as.it.was", MayReplace = true };
        await test.RestoreAsync(request);
        var lines = (await test.DescribeAsync("named")).Split('\n').ToList();
        Assert.Equal(live, string.Join('\n', lines.Where(line => !line.StartsWith("indexed.as.it.was ", StringComparison.Ordinal))));
        Assert.Equal(
            lines.Single(line => line.StartsWith("indexed ", StringComparison.Ordinal))["indexed".Length..],
            lines.Single(line => line.StartsWith("indexed.as.it.was ", StringComparison.Ordinal))["indexed.as.it.was".Length..]);
        await test.RestoreAsync(request with { Entries = ["named.weather"], EntryName = "weather as it was" });
        Assert.Equal(
            await test.Client.FingerprintAsync("named", "weather"), await test.Client.FingerprintAsync("named", "weather as it was"));

        await AssertRefusedAsync(request, "named.indexed.as.it.was stands on the server already; choose a name that is free.");
        await AssertRefusedAsync(request with { EntryName = "system.x" }, "A collection cannot be named \"system.x\".");
        await AssertRefusedAsync(
            request with { Entries = ["named"], EntryName = "x" },
            "Only one collection can be restored under another name, and x would be the name of several.");
        await AssertRefusedAsync(
            request with { Entries = ["named.system.js"], EntryName = "x" },
            "The functions of a database (system.js) can have no other name.");

        async Task AssertRefusedAsync(DumpRestoreRequest refused, string reason) =>
            Assert.Equal([reason], (await test.PlanAsync(refused)).Refusals);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_document_that_the_server_does_not_have_as_it_was_sent_is_found_where_everything_is_read_back(bool readsBack)
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("readback");
        await test.FillAsync("readback", "large", 10_000);
        await test.DumpAsync("--db=readback");
        await test.DropAsync("readback");
        var request = new DumpRestoreRequest { ReadsBack = readsBack, Token = "feed" };
        var dump = new InterruptedDump(test.Folder, "readback/large.bson", 9_500_000, async () => await test.RunAsync(
            "readback",
            """
            {"update": "larder-restore-feed-1", "updates": [{"q": {"_id": 1}, "u": {"$set": {"text": "another"}}, "upsert": true}]}
            """));
        if (readsBack)
        {
            var error = await Assert.ThrowsAsync<SourceException>(() => test.RestoreAsync(request, dump, Cancellation));
            Assert.Equal(SourceError.Mismatch, error.Error);
            Assert.Contains("readback.large, read back from the server", error.Message, StringComparison.Ordinal);
            Assert.Empty(await test.NamesAsync("readback"));
        }
        else
        {
            await test.RestoreAsync(request, dump, Cancellation); // Counted and not read: this is what reading back is for.
            Assert.Equal(["large"], await test.NamesAsync("readback"));
        }
    }
}
