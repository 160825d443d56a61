using System.Diagnostics;
using Larder.Sources.MongoDb;
using Larder.Sources.Native;

namespace Larder.Sources.Tests.MongoDb;

[Trait("Kind", "server")]
public sealed class MongoConnectionTests(MongoServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cancelled_command_returns_at_once_and_ends_on_the_server()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("patience", "things", 1000, (bson, at) => bson.Int32("_id", at));
        using var deployment = MongoDeployment.Open(server.Url, new MongoDeploymentOptions());
        await using var connection = await deployment.ConnectAsync(Cancellation);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var command = ExtendedJson.Parse("""{"find": "things", "filter": {"$where": "sleep(1000) || true"}, "comment": "patience-test"}""");
        var running = connection.RunAsync("patience", command, cancellation.Token);
        while (await CountAsync(shell) == 0)
        {
            Assert.False(running.IsCompleted);
        }

        var watch = Stopwatch.StartNew();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "It took as long as the whole query.");
        while (await CountAsync(shell) > 0)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "The query goes on at the server.");
        }
        await shell.DropAsync("patience");
    }

    [Fact]
    public async Task An_aborted_transaction_leaves_nothing()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.RunAsync("undone", """{"create": "things"}""");
        await shell.Connection.StartTransactionAsync();
        await shell.RunAsync("undone", """{"insert": "things", "documents": [{"_id": 1}]}""");
        await shell.Connection.AbortTransactionAsync();
        Assert.Equal(0, (await shell.RunAsync("undone", """{"count": "things"}""")).GetProperty("n").GetInt32());
        await shell.DropAsync("undone");
    }

    [Fact]
    public async Task An_error_of_the_server_has_its_code_and_answer()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        var error = await Assert.ThrowsAsync<MongoException>(() => shell.RunAsync("admin", """{"noSuchCommand": 1}"""));
        Assert.True(error.IsServer(MongoErrors.CommandNotFound));
        Assert.Equal("CommandNotFound", Bson.FindString(error.Reply.Span, "codeName"));
    }

    [Fact]
    public async Task Connections_outlive_their_pool_until_they_are_closed()
    {
        var server = await servers.ReplicaSetAsync();
        var deployment = MongoDeployment.Open(server.Url, new MongoDeploymentOptions());
        var first = await deployment.ConnectAsync(Cancellation);
        await using var second = await deployment.ConnectAsync(first, Cancellation);
        Assert.Equal(first.Host, second.Host);
        deployment.Dispose();
        await first.DisposeAsync();
        var answer = await second.RunAsync("admin", "ping", Cancellation);
        Assert.Equal(1, Bson.Find(answer, "ok").AsInt64());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.RunAsync("admin", "ping", Cancellation));
    }

    private static async Task<int> CountAsync(MongoShell shell)
    {
        var answer = await shell.RunAsync("admin", """
            {"aggregate": 1, "pipeline": [{"$currentOp": {"allUsers": true}}, {"$match": {"command.comment": "patience-test"}}], "cursor": {}}
            """);
        return answer.GetProperty("cursor").GetProperty("firstBatch").GetArrayLength();
    }
}
