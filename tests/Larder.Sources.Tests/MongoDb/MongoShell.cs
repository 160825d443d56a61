using System.Text.Json;
using Larder.Sources.MongoDb;
using Larder.Sources.Native;

namespace Larder.Sources.Tests.MongoDb;

/// <summary>What a person at a server's shell would do: commands in Extended JSON, documents in and out.</summary>
internal sealed class MongoShell : IAsyncDisposable
{
    private readonly MongoDeployment deployment;

    private MongoShell(MongoDeployment deployment, MongoConnection connection)
    {
        this.deployment = deployment;
        Connection = connection;
    }

    public MongoConnection Connection { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<MongoShell> OpenAsync(string url)
    {
        var deployment = MongoDeployment.Open(url, new MongoDeploymentOptions());
        return new MongoShell(deployment, await deployment.ConnectAsync(Cancellation));
    }

    /// <summary>The server's answer, in relaxed Extended JSON.</summary>
    public async Task<JsonElement> RunAsync(string database, string command)
    {
        using var reply = await Connection.RunAsync(database, ExtendedJson.Parse(command), Cancellation);
        return JsonSerializer.Deserialize<JsonElement>(ExtendedJson.ToBytes(reply.Bytes, ExtendedJsonMode.Relaxed));
    }

    public async Task<byte[]> RunAsync(string database, BsonWriter command)
    {
        using var reply = await Connection.RunAsync(database, command.ToMemory(), Cancellation);
        return reply.ToArray();
    }

    /// <summary>Inserts documents that are written by <paramref name="write"/>, some thousand at a time.</summary>
    public async Task InsertAsync(string database, string collection, int count, Action<BsonWriter, int> write)
    {
        for (var at = 0; at < count;)
        {
            var insert = new BsonWriter(1024 * 1024);
            insert.String("insert", collection);
            insert.StartArray("documents");
            for (var begin = at; at < count && at - begin < 50_000 && insert.Length < 8 * 1024 * 1024; at++)
            {
                insert.StartDocument();
                write(insert, at);
                insert.End();
            }
            insert.End();
            Assert.False(Bson.Find(await RunAsync(database, insert), "writeErrors").IsPresent);
        }
    }

    public Task DropAsync(string database) => RunAsync(database, """{"dropDatabase": 1}""");

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        deployment.Dispose();
    }
}
