using System.Text.Json;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>What the contract of exchanges does not ask: several collections, readers and writers meanwhile, everything at once.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbExchangeTests(MongoServers servers)
{
    private const int Documents = 500;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_plan_names_what_is_exchanged_and_what_readers_see_of_it()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("planned");
        await test.FillAsync("planned", "a", 1);
        await test.RunAsync("planned", """{"create": "v", "viewOn": "a", "pipeline": []}""");
        await test.DumpAsync("--db=planned");
        await test.RunAsync("planned", """{"drop": "v"}""");

        var plan = await test.PlanAsync(new DumpRestoreRequest { MayReplace = true, Token = "cafe" });
        Assert.Equal(
            [
                "Write planned.a beside as larder-restore-cafe-1, with 1028 bytes of documents and 1 index. The documents are counted and "
                    + "compared on their way.",
                "Rename the collection planned.a to larder-old-cafe-1 and give the new one its name. Between the two, for some "
                    + "milliseconds, readers find nothing there; what is written there then is kept as larder-old-cafe-1-meanwhile-1.",
                "Give planned.v its name.",
                "This is done one after the other: until the last one, readers see some old and some new ones, each of them whole.",
            ],
            plan.Steps);
        Assert.False(plan.Exchange!.IsAtomic);
        Assert.Equal("mongodb", plan.Exchange.Engine);
        Assert.Equal(
            [
                new ExchangePart
                {
                    Kind = "collection",
                    Live = "planned.a",
                    Beside = "planned.larder-restore-cafe-1",
                    Old = "planned.larder-old-cafe-1",
                },
                new ExchangePart { Kind = "view", Live = "planned.v", Beside = "planned.larder-restore-cafe-2" },
            ],
            plan.Exchange.Parts);

        var elsewhere = await test.PlanAsync(new DumpRestoreRequest { Entries = ["planned.a"], DatabaseName = "nowhere" });
        Assert.True(elsewhere.Exchange!.IsAtomic); // One command gives it its name.
    }

    [Fact]
    public async Task Everything_that_a_database_can_hold_goes_there_and_back_however_often_it_is_killed()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await SampleDatabase.CreateAsync(test.Client, "wandering");
        var after = await test.DescribeAsync("wandering");
        await test.DumpAsync("--db=wandering");
        await ChangeEverythingAsync(test, "wandering");
        var before = await test.DescribeAsync("wandering");
        var record = await WriteAsync(test, new DumpRestoreRequest { MayReplace = true });
        Assert.Equal(before, await LiveAsync(test, "wandering"));
        var (old, restored) = (before.Split('\n').ToHashSet(), after.Split('\n').ToHashSet());

        await SeededRandom.RunManyAsync(6, async random =>
        {
            var forward = random.Next(2) == 0;
            var left = random.Next(1, 60);
            try
            {
                await RunAsync(Open(test, record, _ => Kill(ref left)), forward);
            }
            catch (KilledException)
            {
                // Each of them, as far as there is one, is the old or the new one. What is a time series or a view may be on its way.
                var lines = (await LiveAsync(test, "wandering")).Split('\n')
                    .Where(line => line.Contains(" collection ", StringComparison.Ordinal))
                    .Where(line => !line.StartsWith("system.", StringComparison.Ordinal));
                Assert.All(lines, line => Assert.True(old.Contains(line) || restored.Contains(line), line));
            }
            forward = random.Next(2) == 0;
            await RunAsync(Open(test, record), forward);
            Assert.Equal(forward ? after : before, await LiveAsync(test, "wandering"));
            Assert.Equal(forward ? ExchangeState.Exchanged : ExchangeState.Beside, await Open(test, record).LookAsync(Cancellation));
        });

        await Open(test, record).UndoAsync(Cancellation);
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Equal(before, await test.DescribeAsync("wandering"));
        await test.DropAsync("wandering");
    }

    [Fact]
    public async Task A_reader_sees_each_collection_old_or_new_or_for_a_moment_missing_and_never_half()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "read");
        using var done = new CancellationTokenSource();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var reading = Task.Run(async () =>
        {
            await using var reader = await TestClient.ConnectAsync(test.Server);
            while (!done.IsCancellationRequested)
            {
                foreach (var name in new[] { "a", "b" })
                {
                    // One answer: from one moment of the collection.
                    var texts = (await reader.ListAsync(
                        "read", $$"""{"find": "{{name}}", "batchSize": {{Documents + 1}}, "singleBatch": true}"""))
                        .Select(document => Bson.FindString(document, "text")![..3]).ToList();
                    seen.Add(texts.Count == 0 ? "missing" : $"{texts.Count} {string.Join(' ', texts.Distinct())}");
                }
            }
        });
        for (var round = 0; round < 10; round++)
        {
            await Open(test, record).ExchangeAsync(Cancellation);
            await Open(test, record).UndoAsync(Cancellation);
        }
        await done.CancelAsync();
        await reading;
        Assert.Subset(new HashSet<string> { $"{Documents} old", $"{Documents} new", "missing" }, seen);
        Assert.Superset(new HashSet<string> { $"{Documents} old" }, seen);
        await Open(test, record).ForgetAsync(Cancellation);
    }

    [Fact]
    public async Task What_was_written_since_the_exchange_lies_beside_after_the_undo_and_comes_back_with_the_next_exchange()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "since");
        await Open(test, record).ExchangeAsync(Cancellation);
        await test.RunAsync("since", """{"insert": "a", "documents": [{"_id": "since", "text": "written since"}]}""");
        var written = await test.Client.FingerprintAsync("since", "a");

        await Open(test, record).UndoAsync(Cancellation);
        Assert.Equal(Documents, (await test.Client.FingerprintAsync("since", "a")).Rows);
        Assert.Equal(written, await test.Client.FingerprintAsync("since", record.Parts[0].Beside["since.".Length..]));
        await Open(test, record).ExchangeAsync(Cancellation);
        Assert.Equal(written, await test.Client.FingerprintAsync("since", "a"));
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Equal(["a", "b"], await test.NamesAsync("since"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_written_in_the_moment_when_nothing_is_live_is_kept_aside(bool forward)
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "moment");
        if (!forward)
        {
            await Open(test, record).ExchangeAsync(Cancellation);
        }
        var isWritten = false;
        var exchange = Open(test, record, call =>
        {
            if (!isWritten && call.StartsWith("rename moment.a to ", StringComparison.Ordinal))
            {
                isWritten = true;
                test.RunAsync("moment", """{"insert": "a", "documents": [{"_id": "meanwhile"}]}""").GetAwaiter().GetResult();
            }
        });
        await RunAsync(exchange, forward);
        Assert.True(isWritten);
        Assert.Equal(forward ? ExchangeState.Exchanged : ExchangeState.Beside, await Open(test, record).LookAsync(Cancellation));
        Assert.Equal(Documents, (await test.Client.FingerprintAsync("moment", "a")).Rows);
        var aside = (forward ? record.Parts[0].Old! : record.Parts[0].Beside)["moment.".Length..];
        Assert.Equal(1, (await test.Client.FingerprintAsync("moment", $"{aside}-meanwhile-1")).Rows);
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Equal(["a", "b"], await test.NamesAsync("moment"));
    }

    [Fact]
    public async Task A_collection_that_cannot_be_exchanged_takes_the_others_back()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "failing");
        var before = await LiveAsync(test, "failing");
        var last = record.Parts[1].Beside["failing.".Length..];
        var exchange = Open(test, record, call =>
        {
            if (call.EndsWith(" to failing.a", StringComparison.Ordinal))
            {
                test.RunAsync("failing", $$"""{"drop": "{{last}}"}""").GetAwaiter().GetResult();
            }
        });
        var error = await Assert.ThrowsAsync<SourceException>(() => exchange.ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.TargetFailed, error.Error);
        Assert.Contains("could not rename failing.larder-restore-", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await LiveAsync(test, "failing"));
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Equal(before, await test.DescribeAsync("failing"));
    }

    [Fact]
    public async Task What_stands_there_against_the_plan_is_not_exchanged()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "changed", "a");
        await test.FillAsync("changed", "b", 1, "came since");
        var before = await LiveAsync(test, "changed");
        var error = await Assert.ThrowsAsync<SourceException>(() => Open(test, record).ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.TargetExists, error.Error);
        Assert.Contains("changed.b was to be new", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await LiveAsync(test, "changed"));

        await test.RunAsync("changed", """{"drop": "b"}""");
        await test.RunAsync("changed", """{"drop": "a"}""");
        var gone = await Assert.ThrowsAsync<SourceException>(() => Open(test, record).ExchangeAsync(Cancellation));
        Assert.Contains("changed.a, which was to be replaced, is gone", gone.Message, StringComparison.Ordinal);
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Empty(await test.NamesAsync("changed"));
    }

    [Fact]
    public async Task What_came_after_the_plan_is_not_written_over()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await test.DropAsync("late");
        await test.FillAsync("late", "a", 3);
        await test.DumpAsync("--db=late");
        await test.DropAsync("late");
        var restore = new MongoDbRestore(test.Server.Url);
        var plan = await restore.PlanAsync(test.Dump, new DumpRestoreRequest { MayReplace = true }, Cancellation);
        await test.FillAsync("late", "a", 1, "came since");
        var error = await Assert.ThrowsAsync<SourceException>(() => restore.RestoreAsync(test.Dump, plan, _ => { }, Cancellation));
        Assert.Equal(SourceError.TargetExists, error.Error);
        Assert.Contains("late.a was not there when the restore was planned", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a"], await test.NamesAsync("late"));
    }

    [Fact]
    public async Task The_only_copy_is_never_forgotten()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "only");
        await Open(test, record).ExchangeAsync(Cancellation);
        await test.RunAsync("only", """{"drop": "a"}""");
        var error = await Assert.ThrowsAsync<SourceException>(() => Open(test, record).ForgetAsync(Cancellation));
        Assert.Contains("is not removed", error.Message, StringComparison.Ordinal);
        await Open(test, record).UndoAsync(Cancellation);
        Assert.Equal(Documents, (await test.Client.FingerprintAsync("only", "a")).Rows);
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Equal(["a", "b"], await test.NamesAsync("only"));
    }

    [Fact]
    public async Task An_old_collection_that_somebody_removed_is_told_and_the_others_are_put_back()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "lost");
        var before = await LiveAsync(test, "lost");
        await Open(test, record).ExchangeAsync(Cancellation);
        var after = await LiveAsync(test, "lost");
        await test.RunAsync("lost", $$"""{"drop": "{{record.Parts[0].Old!["lost.".Length..]}}"}""");
        var error = await Assert.ThrowsAsync<SourceException>(() => Open(test, record).UndoAsync(Cancellation));
        Assert.Equal(SourceError.TargetFailed, error.Error);
        Assert.Contains("lost.a before the restore, is gone", error.Message, StringComparison.Ordinal);
        Assert.Equal([after.Split('\n')[0], before.Split('\n')[1]], (await LiveAsync(test, "lost")).Split('\n'));
        await Open(test, record).ForgetAsync(Cancellation);
        Assert.Equal(["a", "b"], await test.NamesAsync("lost"));
    }

    [Fact]
    public async Task A_backup_leaves_out_what_a_restore_keeps()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var record = await PrepareAsync(test, "kept");
        await Open(test, record).ExchangeAsync(Cancellation);
        using var folder = new TemporaryFolder();
        var (_, outcome) = await MongoDump.ToFolderAsync(
            new MongoDbSettings { Url = test.Server.Url, Databases = ["kept"] }, folder.FullPath);
        Assert.Equal(
            ["kept.a", "kept.b"], outcome.Entries.Where(entry => entry.Kind == "collection").Select(entry => entry.Name));
        Assert.Contains(outcome.NotCaptured, one => one.Path == "kept" && one.Reason.Contains("larder-old-", StringComparison.Ordinal));
        await Open(test, record).ForgetAsync(Cancellation);
    }

    private static MongoDbExchange Open(RestoreCase test, ExchangeRecord record, Action<string>? afterCall = null) =>
        new(test.Server.Url, JsonSerializer.Deserialize<ExchangeRecord>(JsonSerializer.Serialize(record))!, afterCall);

    private static Task RunAsync(MongoDbExchange exchange, bool forward) =>
        forward ? exchange.ExchangeAsync(Cancellation) : exchange.UndoAsync(Cancellation);

    private static void Kill(ref int left)
    {
        if (--left == 0)
        {
            throw new KilledException();
        }
    }

    /// <summary>The database as somebody sees it who does not look at what the restore keeps.</summary>
    private static async Task<string> LiveAsync(RestoreCase test, string database) => string.Join(
        '\n', (await test.DescribeAsync(database)).Split('\n').Where(line => !line.Contains("larder-", StringComparison.Ordinal)));

    private static async Task<ExchangeRecord> WriteAsync(RestoreCase test, DumpRestoreRequest request)
    {
        var restore = new MongoDbRestore(test.Server.Url);
        var plan = await restore.PlanAsync(test.Dump, request, Cancellation);
        Assert.Empty(plan.Refusals);
        await restore.RestoreAsync(test.Dump, plan, _ => { }, Cancellation);
        return plan.Exchange!;
    }

    /// <summary>Two collections, new ones written beside those that stand there.</summary>
    private static async Task<ExchangeRecord> PrepareAsync(RestoreCase test, string database, params IReadOnlyList<string> standing)
    {
        await test.DropAsync(database);
        await test.FillAsync(database, "a", Documents, "new");
        await test.FillAsync(database, "b", Documents, "new");
        await test.DumpAsync($"--db={database}");
        await test.DropAsync(database);
        foreach (var name in standing.Count == 0 ? ["a", "b"] : standing)
        {
            await test.FillAsync(database, name, Documents, "old");
        }
        return await WriteAsync(test, new DumpRestoreRequest { MayReplace = true });
    }

    private static async Task ChangeEverythingAsync(RestoreCase test, string database)
    {
        await test.RunAsync(database, """{"insert": "plain", "documents": [{"_id": "new"}]}""");
        await test.RunAsync(database, """{"delete": "indexed", "deletes": [{"q": {}, "limit": 0}]}""");
        await test.RunAsync(database, """{"dropIndexes": "indexed", "index": "*"}""");
        await test.RunAsync(database, """{"drop": "capped"}""");
        await test.RunAsync(database, """{"create": "capped", "viewOn": "plain", "pipeline": []}""");
        await test.RunAsync(database, """{"drop": "validated"}""");
        await test.RunAsync(database, """{"drop": "weather"}""");
        await test.RunAsync(database, """{"create": "weather", "timeseries": {"timeField": "at"}}""");
        await test.RunAsync(database, """{"insert": "weather", "documents": [{"at": {"$date": "2024-06-01T00:00:00Z"}}]}""");
        await test.RunAsync(database, """{"drop": "clustered"}""");
        await test.RunAsync(database, """{"create": "clustered", "timeseries": {"timeField": "at"}}""");
        await test.RunAsync(database, """{"drop": "view"}""");
        await test.RunAsync(database, """{"create": "view", "viewOn": "capped", "pipeline": []}""");
        await test.RunAsync(database, """{"update": "system.js", "updates": [{"q": {"_id": "twice"}, "u": {"$set": {"value": 1}}}]}""");
        await test.RunAsync(database, """{"insert": "system.js", "documents": [{"_id": "thrice", "value": 3}]}""");
    }
}
