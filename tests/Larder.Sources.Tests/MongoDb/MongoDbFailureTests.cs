using Larder.Sources.MongoDb;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb;

/// <summary>Each thing that can go wrong ends the dump with a meaning, and never with something that looks whole.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbFailureTests(MongoServers servers)
{
    private const int LargeDocuments = 40_000; // 40 MB: ten batches.

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_password_is_refused_and_not_shown()
    {
        var server = await servers.WithAccountsAsync();
        var error = await FailAsync(new MongoDbSettings { Url = server.UrlFor("owner", "sesame-17") });
        Assert.Equal(SourceError.PermissionDenied, error.Error);
        Assert.Contains("user name or password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        var error = await FailAsync(new MongoDbSettings { Url = "mongodb://larder:sesame-17@127.0.0.1:9/?serverSelectionTimeoutMS=500" });
        Assert.Equal(SourceError.Unreachable, error.Error);
        Assert.Contains("127.0.0.1:9", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mongodb://larder:sesame-17@[broken")]
    [InlineData("mongo://larder:sesame-17@host")]
    [InlineData("mongodb://larder:sesame-17:more@host/?tls=perhaps&serverSelectionTimeoutMS=500")]
    public async Task A_URL_that_cannot_be_read_is_said_without_its_password(string url)
    {
        var error = await FailAsync(new MongoDbSettings { Url = url });
        Assert.DoesNotContain("sesame", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_fails_the_dump()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation);
        var error = await FailInTheMiddleAsync(new MongoDbSettings { Url = server.Url, Databases = ["doomed"] }, server.Url, _ => server.KillAsync());
        Assert.Equal(SourceError.Unreachable, error.Error);
        Assert.Contains("doomed.things", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collection_dropped_in_the_middle_fails_the_dump()
    {
        var server = await servers.StandaloneAsync();
        var error = await FailInTheMiddleAsync(
            new MongoDbSettings { Url = server.Url, Databases = ["doomed"] }, server.Url, shell => shell.RunAsync("doomed", """{"drop": "things"}"""));
        Assert.Equal(SourceError.NotFound, error.Error);
        Assert.Contains("doomed.things", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_dropped_in_the_middle_fails_the_dump_even_of_collections_whose_turn_has_not_come()
    {
        var server = await servers.StandaloneAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        for (var number = 0; number < 9; number++)
        {
            await shell.InsertAsync("vanishing", $"c{number}", 5, (bson, at) => bson.Int32("_id", at));
        }
        await using var session = await new MongoDbSource(
            new MongoDbSettings { Url = server.Url, Databases = ["vanishing"] }, TimeProvider.System).OpenAsync(Cancellation);
        await shell.DropAsync("vanishing");
        var error = await Assert.ThrowsAsync<SourceException>(() => DrainAsync(session, _ => Task.CompletedTask));
        Assert.Equal(SourceError.NotFound, error.Error);
        Assert.Contains("vanishing.c", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_killed_on_the_server_fails_the_dump()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation); // All sessions are killed.
        var error = await FailInTheMiddleAsync(
            new MongoDbSettings { Url = server.Url, Databases = ["doomed"] },
            server.Url,
            shell => shell.RunAsync("admin", """{"killAllSessions": []}"""));
        Assert.Equal(SourceError.Unreachable, error.Error);
        Assert.Contains("doomed.things", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_over_its_time_limit_fails_the_dump()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FillAsync(shell, "slow");
        await using var session = await new MongoDbSource(
            new MongoDbSettings { Url = server.Url, Databases = ["slow"], Timeout = TimeSpan.FromMilliseconds(1) },
            TimeProvider.System).OpenAsync(Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(() => DrainAsync(session, _ => Task.CompletedTask));
        Assert.Equal(SourceError.TimedOut, error.Error);
        await shell.DropAsync("slow");
    }

    [Fact]
    public async Task A_collection_that_the_account_may_not_read_fails_the_dump_and_is_named()
    {
        var server = await servers.WithAccountsAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("partly", "open", 5, (bson, at) => bson.Int32("_id", at));
        await shell.InsertAsync("partly", "secret", 5, (bson, at) => bson.Int32("_id", at));
        await shell.RunAsync("admin", """
            {"createRole": "half", "roles": [], "privileges": [
              {"resource": {"db": "partly", "collection": ""}, "actions": ["listCollections", "listIndexes"]},
              {"resource": {"db": "partly", "collection": "open"}, "actions": ["find"]}]}
            """);
        await shell.RunAsync("admin", """{"createUser": "halfling", "pwd": "sesame-17", "roles": ["half"]}""");
        await using var session = await new MongoDbSource(
            new MongoDbSettings { Url = server.UrlFor("halfling", "sesame-17"), Databases = ["partly"] }, TimeProvider.System).OpenAsync(Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(() => DrainAsync(session, _ => Task.CompletedTask));
        Assert.Equal(SourceError.PermissionDenied, error.Error);
        Assert.Contains("partly.secret", error.Message, StringComparison.Ordinal);

        await shell.RunAsync("admin", """{"dropUser": "halfling"}""");
        await shell.RunAsync("admin", """{"dropRole": "half"}""");
        await shell.DropAsync("partly");
    }

    [Fact]
    public async Task Disposing_in_the_midst_of_a_collection_ends_its_cursor_on_the_server()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FillAsync(shell, "halted");
        await using (var session = await new MongoDbSource(
            new MongoDbSettings { Url = server.Url, Databases = ["halted"] }, TimeProvider.System).OpenAsync(Cancellation))
        {
            await foreach (var entry in session.ReadEntriesAsync(Cancellation))
            {
                if (entry.Path.ToString().EndsWith("things.bson", StringComparison.Ordinal))
                {
                    await using var content = await entry.OpenContent!(Cancellation);
                    await content.ReadExactlyAsync(new byte[5_000_000], Cancellation);
                    Assert.Equal(1, await CountCursorsAsync(shell, "halted.things"));
                    break;
                }
            }
        }
        Assert.Equal(0, await CountCursorsAsync(shell, "halted.things"));
        await shell.DropAsync("halted");
    }

    private static async Task<int> CountCursorsAsync(MongoShell shell, string collection)
    {
        var answer = await shell.RunAsync("admin", """
            {"aggregate": 1, "pipeline": [{"$currentOp": {"idleCursors": true, "allUsers": true}}, {"$match": {"cursor": {"$exists": true}}}],
             "cursor": {}}
            """);
        return answer.GetProperty("cursor").GetProperty("firstBatch").EnumerateArray()
            .Count(operation => operation.GetProperty("ns").GetString() == collection);
    }

    private static async Task FillAsync(MongoShell shell, string database)
    {
        await shell.DropAsync(database);
        await shell.InsertAsync(database, "things", LargeDocuments, (bson, at) =>
        {
            bson.Int32("_id", at);
            bson.Binary("value", new byte[1000]);
        });
    }

    private static async Task<SourceException> FailAsync(MongoDbSettings settings)
    {
        var source = new MongoDbSource(settings, TimeProvider.System);
        await Assert.ThrowsAsync<SourceException>(() => source.ProbeAsync(Cancellation));
        return await Assert.ThrowsAsync<SourceException>(() => source.OpenAsync(Cancellation));
    }

    private static async Task<SourceException> FailInTheMiddleAsync(MongoDbSettings settings, string url, Func<MongoShell, Task> act)
    {
        await using var shell = await MongoShell.OpenAsync(url);
        await FillAsync(shell, "doomed");
        await using var session = await new MongoDbSource(settings, TimeProvider.System).OpenAsync(Cancellation);
        return await Assert.ThrowsAsync<SourceException>(() => DrainAsync(session, _ => act(shell)));
    }

    /// <summary>Reads all, and does something in the midst of the first large collection.</summary>
    private static async Task DrainAsync(ISourceSession session, Func<ISourceSession, Task> act)
    {
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            if (entry.OpenContent is null)
            {
                continue;
            }
            await using var content = await entry.OpenContent(Cancellation);
            if (entry.Path.ToString().EndsWith("things.bson", StringComparison.Ordinal))
            {
                await content.ReadExactlyAsync(new byte[100], Cancellation);
                await act(session);
            }
            await content.CopyToAsync(Stream.Null, Cancellation);
        }
        await session.CompleteAsync(Cancellation);
    }
}
