using System.Text.Json;
using Larder.Sources.MongoDb;

namespace Larder.Testing.Servers;

/// <summary>What a person at a server's shell would do in one database: commands and documents in Extended JSON. For servers without
/// accounts; nothing that Larder itself talks to servers with is used.</summary>
public sealed class MongoTeller(MongoServer server, string database)
{
    public string Database => database;

    public MongoServer Server => server;

    /// <summary>The server's answer in relaxed Extended JSON. Throws where it is refused.</summary>
    public async Task<JsonElement> RunAsync(string command)
    {
        var parsed = ExtendedJson.Parse(command);
        var writer = new BsonWriter();
        foreach (var element in new BsonReader(parsed))
        {
            writer.Element(element);
        }
        writer.String("$db", database);
        var reply = await MongoWire.AskAsync(server.Port, writer.ToArray(), CancellationToken.None);
        using var json = JsonDocument.Parse(ExtendedJson.ToText(reply, ExtendedJsonMode.Relaxed));
        return json.RootElement.TryGetProperty("writeErrors", out var errors)
            ? throw new TestFailedException($"The server refused: {errors}")
            : json.RootElement.Clone();
    }

    public Task InsertAsync(string collection, params IEnumerable<string> documents) =>
        RunAsync($$"""{"insert": "{{collection}}", "documents": [{{string.Join(", ", documents)}}]}""");

    /// <summary>The documents of a collection, in the order of their ids; as many as one answer holds.</summary>
    public async Task<IReadOnlyList<JsonElement>> DocumentsAsync(string collection)
    {
        var found = await RunAsync($$"""{"find": "{{collection}}", "sort": {"_id": 1}, "batchSize": 100000, "singleBatch": true}""");
        return [.. found.GetProperty("cursor").GetProperty("firstBatch").EnumerateArray()];
    }

    public async Task<long> CountAsync(string collection) =>
        (await RunAsync($$"""{"count": "{{collection}}"}""")).GetProperty("n").GetInt64();

    public Task DropAsync() => RunAsync("""{"dropDatabase": 1}""");
}
