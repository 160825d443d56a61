using System.Globalization;
using System.Text.Json;
using Larder.Sources.Tests.MongoDb;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Restores;

/// <summary>A database of three collections, one of them with indexes.</summary>
internal sealed class MongoDbLiveData : ServerLiveData
{
    private static readonly string[] Collections = ["entries", "places", "small"];

    private readonly MongoServer server;
    private readonly string name;
    private readonly MongoShell shell;
    private readonly MongoShell reader;

    private MongoDbLiveData(MongoServer server, string name, MongoShell shell, MongoShell reader) =>
        (this.server, this.name, this.shell, this.reader) = (server, name, shell, reader);

    public static async Task<MongoDbLiveData> CreateAsync(MongoServer server, string name)
    {
        var data = new MongoDbLiveData(server, name, await MongoShell.OpenAsync(server.Url), await MongoShell.OpenAsync(server.Url));
        await data.FillAsync("entries", 5000, "entry");
        await data.FillAsync("places", 300, "place");
        await data.FillAsync("small", 1, "the only one");
        await data.shell.RunAsync(
            name, """{"createIndexes": "entries", "indexes": [{"key": {"text": 1}, "name": "by_text"}, {"key": {"n": -1}, "name": "by_n"}]}""");
        await data.OpenAsync("mongodb", server.Url, $", database: {name}");
        return data;
    }

    public override async Task ChangeAsync()
    {
        foreach (var collection in Collections)
        {
            await shell.RunAsync(name, $$"""{"delete": "{{collection}}", "deletes": [{"q": {"n": {"$mod": [3, 0]} }, "limit": 0}]}""");
            await shell.RunAsync(
                name, $$$"""{"update": "{{{collection}}}", "updates": [{"q": {}, "u": {"$set": {"text": "later"}}, "multi": true}]}""");
            await shell.RunAsync(name, $$"""{"insert": "{{collection}}", "documents": [{"_id": -1, "text": "later"}]}""");
        }
        await shell.RunAsync(name, """{"dropIndexes": "entries", "index": "by_n"}""");
    }

    public override async Task<string> FingerprintAsync() => string.Join(
        '\n', (await HashAsync(shell)).OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => $"{part.Key} {part.Value}")
            .Append(await IndexesAsync("entries")));

    public override async Task<IReadOnlyDictionary<string, string>?> LookAsync() => await HashAsync(reader);

    public override async Task<IReadOnlyList<string>> ListBesideAsync() => [.. (await ListAsync())
        .Where(collection => collection.StartsWith("larder-", StringComparison.Ordinal)).Select(TokenOf).Distinct()];

    public override async ValueTask DisposeAsync()
    {
        await shell.DisposeAsync();
        await reader.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>What the server says of each collection that is nobody's but the user's.</summary>
    private async Task<IReadOnlyDictionary<string, string>> HashAsync(MongoShell by)
    {
        var said = await by.RunAsync(name, """{"dbHash": 1}""");
        return said.GetProperty("collections").EnumerateObject().Where(one => !one.Name.StartsWith("larder-", StringComparison.Ordinal))
            .ToDictionary(one => one.Name, one => one.Value.GetString()!);
    }

    private async Task<string> IndexesAsync(string collection)
    {
        var said = await shell.RunAsync(name, $$"""{"listIndexes": "{{collection}}"}""");
        return string.Join(',', Batch(said).Select(index => index.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
    }

    private async Task<IReadOnlyList<string>> ListAsync() =>
        [.. Batch(await shell.RunAsync(name, """{"listCollections": 1, "nameOnly": true, "cursor": {"batchSize": 10000}}"""))
            .Select(collection => collection.GetProperty("name").GetString()!)];

    private Task FillAsync(string collection, int count, string text) => shell.InsertAsync(name, collection, count, (document, n) =>
    {
        document.Int32("_id", n);
        document.Int32("n", n);
        document.String("text", string.Create(CultureInfo.InvariantCulture, $"{text} {n}"));
    });

    private static IEnumerable<JsonElement> Batch(JsonElement said) => said.GetProperty("cursor").GetProperty("firstBatch").EnumerateArray();

    // larder-old-TOKEN-1 and larder-restore-TOKEN-whole are of the same restore.
    private static string TokenOf(string collection) => collection.Split('-')[2];
}
