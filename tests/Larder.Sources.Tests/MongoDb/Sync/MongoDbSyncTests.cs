using System.Net;
using System.Net.Sockets;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Sync;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Sync;

[Trait("Kind", "server")]
public sealed class MongoDbSyncTests(MongoServers servers)
{
    private const string Old = """{"$date": "2025-01-01T00:00:00Z"}""";
    private const string New = """{"$date": "2025-01-02T00:00:00Z"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_side_lacks_is_copied_and_what_both_have_goes_the_way_of_the_newer()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.InsertAsync(
            bench.Here, "bookings",
            $$"""{"_id": 1, "updatedAt": {{Old}}, "from": "both"}""",
            $$"""{"_id": 2, "updatedAt": {{New}}, "from": "local"}""",
            $$"""{"_id": 3, "updatedAt": {{Old}}, "from": "local"}""",
            $$"""{"_id": 4, "updatedAt": {{Old}}, "from": "local alone"}""");
        await bench.InsertAsync(
            bench.There, "bookings",
            $$"""{"_id": 1, "updatedAt": {{Old}}, "from": "both"}""",
            $$"""{"_id": 2, "updatedAt": {{Old}}, "from": "remote"}""",
            $$"""{"_id": 3, "updatedAt": {{New}}, "from": "remote"}""",
            $$"""{"_id": 5, "updatedAt": {{Old}}, "from": "remote alone"}""");

        var planned = Assert.Single((await bench.SyncAsync(settings => settings with { IsDryRun = true })).Collections);
        Assert.Equal((1, 1, 1, 1), (planned.CopiedToRemote, planned.CopiedToLocal, planned.UpdatedOnRemote, planned.UpdatedOnLocal));
        Assert.Equal(4, (await bench.DocumentsAsync(bench.There, "bookings")).Count); // Nothing was written.

        var done = Assert.Single((await bench.SyncAsync()).Collections);
        Assert.Equal((1, 1, 1, 1), (done.CopiedToRemote, done.CopiedToLocal, done.UpdatedOnRemote, done.UpdatedOnLocal));
        Assert.Equal((0, 0, 0), (done.Conflicts, done.Refused, done.ChangedMeanwhile));
        var documents = await bench.DocumentsAsync(bench.Here, "bookings");
        Assert.Equal(["both", "local", "remote", "local alone", "remote alone"], documents.Select(one => one.Split("\"from\":\"")[1].TrimEnd('"', '}')));
        await bench.AssertSameAsync("bookings");
        Assert.All((await bench.SyncAsync()).Collections, collection => Assert.True(collection.IsUnchanged));
    }

    [Theory]
    [InlineData("""{"$date": "2025-01-01T00:00:00Z"}""", """{"$date": "2025-01-01T00:00:00Z"}""", "same on both sides")]
    [InlineData("1", "\"one\"", "of type Int32 on the local side and of type String")]
    [InlineData("null", "null", "of type Null, which does not say")]
    [InlineData("[1]", "[2]", "of type Array, which does not say")]
    [InlineData("""{"$numberDecimal": "1"}""", """{"$numberDecimal": "2"}""", "of type Decimal128")]
    public async Task Where_the_field_does_not_say_which_is_newer_the_local_side_wins_and_it_is_told(string mine, string theirs, string reason)
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.InsertAsync(bench.Here, "events", $$"""{"_id": "x", "updatedAt": {{mine}}, "from": "local"}""");
        await bench.InsertAsync(bench.There, "events", $$"""{"_id": "x", "updatedAt": {{theirs}}, "from": "remote"}""");

        var done = Assert.Single((await bench.SyncAsync()).Collections);

        Assert.Equal((1, 1, 0), (done.Conflicts, done.UpdatedOnRemote, done.Refused));
        var conflict = Assert.Single(done.Named);
        Assert.Equal(("\"x\"", false), (conflict.Id, conflict.IsRefused));
        Assert.Contains(reason, conflict.Reason, StringComparison.Ordinal);
        Assert.Contains("local", Assert.Single(await bench.DocumentsAsync(bench.There, "events")), StringComparison.Ordinal);
        await bench.AssertSameAsync("events");
        Assert.True(Assert.Single((await bench.SyncAsync()).Collections).IsUnchanged);
    }

    [Theory]
    [InlineData("1", "2")]
    [InlineData("1", "1.5")]
    [InlineData("""{"$numberLong": "9007199254740993"}""", """{"$numberLong": "9007199254740994"}""")]
    [InlineData("\"2025-01-01\"", "\"2025-01-02\"")]
    [InlineData("""{"$timestamp": {"t": 1, "i": 1}}""", """{"$timestamp": {"t": 4000000000, "i": 1}}""")]
    [InlineData("""{"$date": {"$numberLong": "-5"}}""", """{"$date": {"$numberLong": "5"}}""")]
    public async Task Fields_of_one_type_are_ordered_as_the_server_orders_them(string older, string newer)
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.InsertAsync(bench.Here, "events", $$"""{"_id": 1, "at": {"changed": {{older}}}, "v": 1}""", $$"""{"_id": 2, "at": {"changed": {{newer}}}, "v": 1}""");
        await bench.InsertAsync(bench.There, "events", $$"""{"_id": 1, "at": {"changed": {{newer}}}, "v": 2}""", $$"""{"_id": 2, "at": {"changed": {{older}}}, "v": 2}""");

        var done = Assert.Single((await bench.SyncAsync(settings => settings with { Field = "at.changed" })).Collections);

        Assert.Equal((1, 1, 0), (done.UpdatedOnLocal, done.UpdatedOnRemote, done.Conflicts));
        await bench.AssertSameAsync("events");
        var kept = ExtendedJson.ToText(ExtendedJson.Parse($$"""{"changed": {{newer}}}"""));
        Assert.All(await bench.DocumentsAsync(bench.Here, "events"), one => Assert.Contains(kept, one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_collection_is_made_with_its_options_and_what_has_no_ids_is_named()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.Here.RunAsync(bench.Database, """{"create": "people", "collation": {"locale": "de", "strength": 2}, "validator": {"name": {"$exists": true}}}""");
        await bench.InsertAsync(bench.Here, "people", """{"_id": "a", "name": "Ada"}""");
        await bench.There.RunAsync(bench.Database, """{"create": "empty"}""");
        await bench.Here.RunAsync(bench.Database, """{"create": "adults", "viewOn": "people", "pipeline": []}""");
        await bench.There.RunAsync(bench.Database, """{"create": "weather", "timeseries": {"timeField": "t"}}""");
        await bench.There.RunAsync(bench.Database, """{"create": "log", "capped": true, "size": 4096}""");
        await bench.InsertAsync(bench.Here, "system.js", """{"_id": "f", "value": 1}""");
        await bench.InsertAsync(bench.Here, "sessions", """{"_id": 1}""");

        var done = await bench.SyncAsync(settings => settings with { Exclude = ["sess*"] });

        Assert.Equal([$"{bench.Database}.empty local", $"{bench.Database}.people remote"], done.Collections.Select(one => $"{one.Name} {one.CreatedOn}"));
        Assert.Equal(["adults", "log", "system.js", "weather"], done.LeftOut.Select(one => one.Path[(bench.Database.Length + 1)..]));
        var listed = await bench.There.RunAsync(bench.Database, """{"listCollections": 1, "filter": {"name": "people"}}""");
        var options = listed.GetProperty("cursor").GetProperty("firstBatch")[0].GetProperty("options");
        Assert.Equal("de", options.GetProperty("collation").GetProperty("locale").GetString());
        Assert.True(options.TryGetProperty("validator", out _));
        Assert.Empty(await bench.DocumentsAsync(bench.There, "sessions"));
        await bench.AssertSameAsync("people");
    }

    [Fact]
    public async Task What_a_unique_index_or_a_validator_refuses_is_counted_and_named_and_the_others_go_through()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.There.RunAsync(bench.Database, """{"createIndexes": "users", "indexes": [{"key": {"mail": 1}, "name": "mail_1", "unique": true}]}""");
        await bench.InsertAsync(bench.There, "users", """{"_id": 1, "mail": "a@example.com"}""", """{"_id": 7, "mail": "b@example.com"}""");
        await bench.InsertAsync(bench.Here, "users", """{"_id": 2, "mail": "a@example.com"}""", """{"_id": 3, "mail": "c@example.com"}""", """{"_id": 7, "mail": "a@example.com"}""");
        await bench.There.RunAsync(bench.Database, """{"create": "strict", "validator": {"name": {"$exists": true}}}""");
        await bench.InsertAsync(bench.Here, "strict", """{"_id": 1}""", """{"_id": 2, "name": "two"}""");

        var done = await bench.SyncAsync();

        Assert.Equal(3, done.Refused);
        var users = done.Collections.Single(one => one.Name.EndsWith("users", StringComparison.Ordinal));
        Assert.Equal(["2", "7"], users.Named.Where(one => one.IsRefused).Select(one => one.Id).Order());
        Assert.Contains(users.Named, one => one.IsRefused && one.Reason.Contains("\"mail\"", StringComparison.Ordinal));
        Assert.Equal((1, 1, 2), (users.CopiedToRemote, users.CopiedToLocal, users.Refused));
        var strict = done.Collections.Single(one => one.Name.EndsWith("strict", StringComparison.Ordinal));
        Assert.Equal(("1", 1), (Assert.Single(strict.Named).Id, strict.CopiedToRemote));
        Assert.Contains("validation", strict.Named[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Documents_of_any_shape_and_size_go_over_as_they_are()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.InsertAsync(
            bench.Here, "odd",
            """{"_id": {"a": 1, "b": [1, 2]}, "$set": 1, "a.b": {"$dollar": {"$numberLong": "5"}}}""",
            """{"_id": {"$oid": "507f1f77bcf86cd799439011"}, "n": {"$numberDecimal": "0.10"}, "r": {"$regularExpression": {"pattern": "^a", "options": "i"}}}""",
            """{"_id": null, "t": {"$timestamp": {"t": 5, "i": 6}}}""");
        await bench.Here.InsertAsync(bench.Database, "large", 3, (document, at) =>
        {
            document.Int32("_id", at);
            document.Binary("data", new byte[(16 * 1024 * 1024) - 100]);
        });
        await bench.SyncAsync();
        await bench.AssertSameAsync("odd");
        await bench.Here.RunAsync(bench.Database, """{"update": "odd", "updates": [{"q": {}, "u": {"$set": {"updatedAt": {"$date": "2025-01-01T00:00:00Z"}}}, "multi": true}]}""");
        await bench.Here.RunAsync(bench.Database, """{"update": "large", "updates": [{"q": {"_id": 1}, "u": {"$set": {"more": 1}}}]}""");

        var done = await bench.SyncAsync(); // Now as updates.

        Assert.Equal(4, done.Collections.Sum(one => one.UpdatedOnRemote));
        Assert.Equal(0, done.Refused);
        await bench.AssertSameAsync("odd");
        await bench.AssertSameAsync("large");
    }

    [Fact]
    public async Task Ids_that_are_only_equal_to_the_server_are_left_as_they_are()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        foreach (var side in new[] { bench.Here, bench.There })
        {
            await side.RunAsync(bench.Database, """{"create": "names", "collation": {"locale": "en", "strength": 2}}""");
        }
        await bench.InsertAsync(bench.Here, "names", """{"_id": {"$numberInt": "1"}, "from": "local"}""", """{"_id": "a", "from": "local"}""");
        await bench.InsertAsync(bench.There, "names", """{"_id": {"$numberDouble": "1.0"}, "from": "remote"}""", """{"_id": "A", "from": "remote"}""");

        var done = Assert.Single((await bench.SyncAsync()).Collections);

        Assert.Equal((4, 0, 0), (done.ChangedMeanwhile, done.Refused, done.Conflicts));
        Assert.All(await bench.DocumentsAsync(bench.Here, "names"), one => Assert.Contains("local", one, StringComparison.Ordinal));
        Assert.All(await bench.DocumentsAsync(bench.There, "names"), one => Assert.Contains("remote", one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_empty_timestamp_which_an_insert_fills_in_is_put_right_by_the_next_sync()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await bench.InsertAsync(bench.Here, "odd", """{"_id": 1, "t": 1}""");
        await bench.Here.RunAsync(bench.Database, """{"update": "odd", "updates": [{"q": {"_id": 1}, "u": [{"$set": {"t": {"$timestamp": {"t": 0, "i": 0}}}}]}]}""");
        Assert.Contains("\"t\":0", Assert.Single(await bench.DocumentsAsync(bench.Here, "odd")), StringComparison.Ordinal);
        Assert.Equal(1, Assert.Single((await bench.SyncAsync()).Collections).CopiedToRemote);

        Assert.Equal(1, (await bench.SyncAsync()).Conflicts);

        await bench.AssertSameAsync("odd");
        Assert.True(Assert.Single((await bench.SyncAsync()).Collections).IsUnchanged);
    }

    [Fact]
    public async Task A_document_that_was_changed_between_the_look_and_the_write_is_not_written_over()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await FillAsync(bench, 1000);
        await using var proxy = new HoldingProxy(bench.RemoteServer.Port);
        var held = proxy.HoldAfter(20_000); // The answers before are small; this one has a thousand ids and fields.

        var syncing = bench.SyncAsync(settings => settings with { RemoteUrl = $"mongodb://127.0.0.1:{proxy.Port}/" });
        await held.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Cancellation);
        await bench.There.RunAsync(bench.Database, """{"update": "events", "updates": [{"q": {"_id": 5}, "u": {"$set": {"from": "somebody", "updatedAt": {"$date": "2025-06-01T00:00:00Z"}}}}]}""");
        await bench.There.RunAsync(bench.Database, """{"delete": "events", "deletes": [{"q": {"_id": 6}, "limit": 1}]}""");
        proxy.Release();
        var done = Assert.Single((await syncing).Collections);

        Assert.Equal((998, 2), (done.UpdatedOnRemote, done.ChangedMeanwhile));
        Assert.Contains(await bench.DocumentsAsync(bench.There, "events"), one => one.Contains("somebody", StringComparison.Ordinal));
        await bench.SyncAsync();
        Assert.Contains(await bench.DocumentsAsync(bench.Here, "events"), one => one.Contains("somebody", StringComparison.Ordinal)); // The newest wins.
        await bench.AssertSameAsync("events");
    }

    [Fact]
    public async Task A_connection_that_is_cut_fails_the_sync_and_the_next_one_goes_on()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await FillAsync(bench, 20_000);
        await using var proxy = new HoldingProxy(bench.RemoteServer.Port);
        var held = proxy.HoldAfter(200_000);
        var told = new List<SyncedCollection>();
        var settings = bench.Settings with { RemoteUrl = $"mongodb://127.0.0.1:{proxy.Port}/?serverSelectionTimeoutMS=1000" };

        var syncing = new MongoDbSync(settings).ExecuteAsync(told.Add, _ => { }, Cancellation);
        await held.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Cancellation);
        await proxy.CutAsync();
        var error = await Assert.ThrowsAsync<SourceException>(() => syncing);

        Assert.Equal(SourceError.Unreachable, error.Error);
        Assert.InRange(Assert.Single(told).UpdatedOnRemote, 1, 19_999); // What was done is told.
        await bench.SyncAsync();
        await bench.AssertSameAsync("events");
    }

    [Fact]
    public async Task A_remote_side_that_is_away_is_named_without_its_password()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await FillAsync(bench, 1);
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();

        var error = await Assert.ThrowsAsync<SourceException>(() => bench.SyncAsync(
            settings => settings with { RemoteUrl = $"mongodb://temple:quite-secret@127.0.0.1:{port}/?serverSelectionTimeoutMS=500" }));

        Assert.Equal(SourceError.Unreachable, error.Error);
        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("quite-secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_is_not_synced_with_itself()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        var error = await Assert.ThrowsAsync<SourceException>(() => bench.SyncAsync(settings => settings with { RemoteUrl = settings.LocalUrl }));
        Assert.Contains("are one", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_it_and_leaves_what_is_whole()
    {
        await using var bench = await SyncCase.OpenAsync(servers);
        await FillAsync(bench, 20_000);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new MongoDbSync(bench.Settings).ExecuteAsync(_ => { }, _ => cancel.Cancel(), cancel.Token));

        var there = await bench.DocumentsAsync(bench.There, "events");
        Assert.InRange(there.Count(one => one.Contains("local", StringComparison.Ordinal)), 1, 19_999);
        await bench.SyncAsync();
        await bench.AssertSameAsync("events");
    }

    /// <summary>The same documents on both sides, where the local ones are newer.</summary>
    private static async Task FillAsync(SyncCase bench, int documents)
    {
        foreach (var (side, from, at) in new[] { (bench.Here, "local", 2_000L), (bench.There, "remote", 1_000L) })
        {
            await side.InsertAsync(bench.Database, "events", documents, (document, id) =>
            {
                document.Int32("_id", id);
                document.DateTime("updatedAt", at);
                document.String("from", from);
            });
        }
    }
}
