using Larder.Sources.MongoDb;
using Larder.Sources.Native;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>Says commands to a test server, written and answered as Extended JSON.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    private readonly MongoDeployment deployment;
    private readonly MongoConnection connection;

    private TestClient(MongoDeployment deployment, MongoConnection connection)
    {
        this.deployment = deployment;
        this.connection = connection;
    }

    public static Task<TestClient> ConnectAsync(MongoServer server) => ConnectAsync(server.Url);

    public static async Task<TestClient> ConnectAsync(string url)
    {
        var deployment = MongoDeployment.Open(url, new MongoDeploymentOptions());
        return new TestClient(deployment, await deployment.ConnectAsync(CancellationToken.None));
    }

    public async Task<string> RunAsync(string database, string command) =>
        ExtendedJson.ToText(await RunAsync(database, ExtendedJson.Parse(command)), ExtendedJsonMode.Relaxed);

    public async Task<byte[]> RunAsync(string database, ReadOnlyMemory<byte> command)
    {
        using var reply = await connection.RunAsync(database, command, CancellationToken.None);
        var failed = Bson.Find(reply.Bytes, "writeErrors");
        Assert.False(failed.IsPresent, failed.IsPresent ? ExtendedJson.ToText(reply.Bytes) : "");
        return reply.ToArray();
    }

    /// <summary>The commands in one transaction, begun again for as long as another one is in the way.</summary>
    public async Task InTransactionAsync(Func<Task> commands, bool commit = true)
    {
        while (true)
        {
            await connection.StartTransactionAsync();
            try
            {
                await commands();
                if (commit)
                {
                    await connection.CommitTransactionAsync();
                    return;
                }
            }
            catch (MongoException error) when (error.Reply.Span.IndexOf("TransientTransactionError"u8) >= 0)
            {
                await connection.AbortTransactionAsync();
                continue;
            }
            await connection.AbortTransactionAsync();
            return;
        }
    }

    /// <summary>All documents of a cursor.</summary>
    public async Task<List<byte[]>> ListAsync(string database, string command)
    {
        var documents = new List<byte[]>();
        var reply = await RunAsync(database, ExtendedJson.Parse(command));
        documents.AddRange(Bson.CopyDocuments(Bson.FindPath(reply, "cursor.firstBatch").AsDocument()));
        while (Bson.FindPath(reply, "cursor.id").AsInt64() is not 0 and var id)
        {
            var name = Bson.FindString(reply, "cursor.ns")!;
            var more = new BsonWriter();
            more.Int64("getMore", id);
            more.String("collection", name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            reply = await RunAsync(database, more.ToMemory());
            documents.AddRange(Bson.CopyDocuments(Bson.FindPath(reply, "cursor.nextBatch").AsDocument()));
        }
        return documents;
    }

    public async Task<Fingerprint> FingerprintAsync(string database, string collection)
    {
        var builder = new FingerprintBuilder();
        foreach (var document in await ListAsync(database, $$"""{"find": "{{collection}}"}"""))
        {
            builder.Add(document);
        }
        return builder.ToFingerprint();
    }

    /// <summary>
    /// Everything of a database in words, a line for each collection: type, options, indexes, and the fingerprint of its documents (of a
    /// time series its buckets'). Two databases are equal where these are.
    /// </summary>
    public async Task<string> DescribeAsync(string database)
    {
        var lines = new List<string>();
        foreach (var collection in await ListAsync(database, """{"listCollections": 1}"""))
        {
            var name = Bson.FindString(collection, "name")!;
            var type = Bson.FindString(collection, "type")!;
            var options = ExtendedJson.ToText(Bson.Find(collection, "options").AsDocument());
            var listed = type == "view" ? [] : await ListAsync(database, $$"""{"listIndexes": "{{name}}"}""");
            var indexes = listed.Select(index => ExtendedJson.ToText(index)).Order(StringComparer.Ordinal);
            var documents = type == "collection" && name != "system.views" ? await FingerprintAsync(database, name) : default;
            lines.Add($"{name} {type} {options} [{string.Join(", ", indexes)}] {documents}");
        }
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        deployment.Dispose();
    }
}
