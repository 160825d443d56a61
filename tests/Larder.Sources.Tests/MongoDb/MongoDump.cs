using Larder.Sources.MongoDb;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb;

/// <summary>Whole sessions, as a backup makes them, into a folder or into memory.</summary>
internal static class MongoDump
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<(SourceDescription Description, SourceOutcome Outcome)> ToFolderAsync(MongoDbSettings settings, string folder)
    {
        await using var session = await new MongoDbSource(settings, TimeProvider.System).OpenAsync(Cancellation);
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            var path = Path.Combine(folder, entry.Path.ToString());
            if (entry.OpenContent is null)
            {
                Directory.CreateDirectory(path);
                continue;
            }
            await using var content = await entry.OpenContent(Cancellation);
            await using var file = File.Create(path);
            await content.CopyToAsync(file, Cancellation);
        }
        return (session.Description, await session.CompleteAsync(Cancellation));
    }

    /// <summary>What a server holds now: facts by name, and the metadata of each collection without its UUID.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> LookAsync(MongoDbSettings settings)
    {
        using var folder = new TemporaryFolder();
        var (_, outcome) = await ToFolderAsync(settings, folder.FullPath);
        var seen = outcome.Entries
            .Where(facts => facts.Kind is not ("oplog" or "users" or "roles" or "version"))
            .ToDictionary(facts => facts.Name, facts => $"{facts.Kind} {facts.Rows} {facts.Fingerprint}", StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder.FullPath, "*.metadata.json", SearchOption.AllDirectories))
        {
            var metadata = CollectionMetadata.Parse(await File.ReadAllBytesAsync(file, Cancellation), "");
            var database = Path.GetFileName(Path.GetDirectoryName(file));
            var indexes = metadata.Indexes.Select(index => ExtendedJson.ToText(index)).Order(StringComparer.Ordinal);
            var options = metadata.Options is null ? "" : Sorted(metadata.Options);
            seen[$"{database}.{metadata.CollectionName} metadata"] = $"{metadata.Type} {options} {string.Join(' ', indexes)}";
        }
        return seen;
    }

    // mongorestore keeps options in a map, and so not their order.
    private static string Sorted(byte[] document)
    {
        var fields = new List<string>();
        foreach (var element in new BsonReader(document))
        {
            var one = new BsonWriter();
            one.Element(element);
            fields.Add(ExtendedJson.ToText(one.ToMemory().Span));
        }
        return string.Join(',', fields.Order(StringComparer.Ordinal));
    }

    public static void AssertEqual(IReadOnlyDictionary<string, string> expected, IReadOnlyDictionary<string, string> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, pair => Assert.Equal($"{pair.Key}: {pair.Value}", $"{pair.Key}: {actual[pair.Key]}"));
    }
}
