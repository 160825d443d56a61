using Larder.Sources.MongoDb;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb;

[Trait("Kind", "server")]
public sealed class MongoDbConsistencyTests(MongoServers servers)
{
    private const int Runs = 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_holds_every_transaction_whole_or_not_at_all() => await SeededRandom.RunAsync(async random =>
    {
        var server = await servers.ReplicaSetAsync();
        await using var mover = await MoneyMover.StartAsync(server.Url, "bank", random);
        for (var run = 0; run < Runs; run++)
        {
            using var folder = new TemporaryFolder();
            var before = mover.Moved;
            var (description, _) = await MongoDump.ToFolderAsync(
                new MongoDbSettings { Url = server.Url, Databases = ["bank"], Consistency = MongoDbConsistency.Snapshot }, folder.FullPath);
            Assert.Equal("snapshot", description.Consistency);
            Assert.Equal(MoneyMover.Sum, await SumAsync(folder, "bank"));
            Assert.True(mover.Moved > before, "Nothing moved while the dump was made.");
        }
    });

    [Fact]
    public async Task With_the_oplog_replayed_every_transaction_is_whole_or_not_there() => await SeededRandom.RunAsync(async random =>
    {
        var server = await servers.ReplicaSetAsync();
        await using var empty = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation);
        await using var mover = await MoneyMover.StartAsync(server.Url, "ledger", random);
        var entries = 0L;
        for (var run = 0; run < Runs; run++)
        {
            using var folder = new TemporaryFolder();
            var (description, outcome) = await MongoDump.ToFolderAsync(
                new MongoDbSettings { Url = server.Url, Databases = ["ledger"], Consistency = MongoDbConsistency.Oplog }, folder.FullPath);
            Assert.Equal("oplog", description.Consistency);
            entries += outcome.Entries.Single(facts => facts.Kind == "oplog").Rows ?? 0;

            await MongoTools.RestoreAsync(empty.Url, folder.FullPath, "--drop", "--oplogReplay");
            using var restored = new TemporaryFolder();
            await MongoDump.ToFolderAsync(new MongoDbSettings { Url = empty.Url, Databases = ["ledger"] }, restored.FullPath);
            Assert.Equal(MoneyMover.Sum, await SumAsync(restored, "ledger"));
        }
        Assert.True(entries > 0, "Nothing moved while the dumps were made.");
    });

    [Fact]
    public async Task A_database_too_large_for_the_servers_memory_of_moments_is_read_with_the_oplog()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("large", "things", 1, (bson, at) => bson.Int32("_id", at));
        await shell.RunAsync("admin", """{"setParameter": 1, "minSnapshotHistoryWindowInSeconds": 0}""");
        try
        {
            await using var session = await new MongoDbSource(
                new MongoDbSettings { Url = server.Url, Databases = ["large"] }, TimeProvider.System).OpenAsync(Cancellation);
            Assert.Equal("oplog", session.Description.Consistency);
        }
        finally
        {
            await shell.RunAsync("admin", """{"setParameter": 1, "minSnapshotHistoryWindowInSeconds": 300}""");
            await shell.DropAsync("large");
        }
    }

    [Fact]
    public async Task A_snapshot_does_not_see_what_came_later_and_still_sees_what_was_dropped()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        var names = Enumerable.Range(0, 9).Select(number => $"c{number}").ToList();
        foreach (var name in names)
        {
            await shell.InsertAsync("moving", name, 5, (bson, at) => bson.Int32("_id", at));
        }
        await using var session = await new MongoDbSource(
            new MongoDbSettings { Url = server.Url, Databases = ["moving"] }, TimeProvider.System).OpenAsync(Cancellation);
        await shell.RunAsync("moving", """{"insert": "c8", "documents": [{"_id": 100}]}""");
        await shell.RunAsync("moving", """{"drop": "c7"}""");
        await shell.RunAsync("moving", """{"create": "late"}""");
        var error = await Record.ExceptionAsync(() => DrainAsync(session));
        if (error is null)
        {
            var outcome = await session.CompleteAsync(Cancellation);
            Assert.Equal(names.Select(name => $"moving.{name} 5"), outcome.Entries.Where(facts => facts.Kind == "collection").Select(facts => $"{facts.Name} {facts.Rows}"));
        }
        else
        {
            // Its indexes are not to be had any more, and a dump that cannot be whole is none.
            Assert.Equal(SourceError.NotFound, Assert.IsType<SourceException>(error).Error);
            Assert.Contains("moving.c7", error.Message, StringComparison.Ordinal);
        }
        await shell.DropAsync("moving");
    }

    [Fact]
    public async Task A_rename_while_the_oplog_is_needed_fails_the_dump()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("renaming", "before", 5, (bson, at) => bson.Int32("_id", at));
        await using var session = await new MongoDbSource(
            new MongoDbSettings { Url = server.Url, Databases = ["renaming"], Consistency = MongoDbConsistency.Oplog },
            TimeProvider.System).OpenAsync(Cancellation);
        await shell.RunAsync("admin", """{"renameCollection": "renaming.before", "to": "renaming.after"}""");
        var error = await Assert.ThrowsAsync<SourceException>(() => DrainAsync(session));
        Assert.Contains("renam", error.Message, StringComparison.Ordinal);
        await shell.DropAsync("renaming");
    }

    private static async Task<long> SumAsync(TemporaryFolder folder, string database) =>
        await MoneyMover.SumAsync(folder.Combine(database, "checking.bson")) + await MoneyMover.SumAsync(folder.Combine(database, "savings.bson"));

    private static async Task DrainAsync(ISourceSession session)
    {
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            if (entry.OpenContent is not null)
            {
                await using var content = await entry.OpenContent(Cancellation);
                await content.CopyToAsync(Stream.Null, Cancellation);
            }
        }
    }
}
