using System.Text.Json;
using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb;

/// <summary>What <c>COLLECTION.metadata.json</c> holds: all of a collection but its documents.</summary>
internal sealed record CollectionMetadata
{
    private const int BytesMax = 64 * 1024 * 1024; // A validator may be as large as a document, and JSON is longer than BSON.

    /// <summary>As <c>create</c> takes them, as BSON; null where there are none.</summary>
    public byte[]? Options { get; init; }

    /// <summary>As <c>listIndexes</c> gives them, each as BSON.</summary>
    public IReadOnlyList<byte[]> Indexes { get; init; } = [];

    /// <summary>32 hexadecimal digits; null for views and time series.</summary>
    public string? Uuid { get; init; }

    public required string CollectionName { get; init; }

    /// <summary><c>collection</c>, <c>view</c> or <c>timeseries</c>; null in dumps of old tools.</summary>
    public string? Type { get; init; }

    /// <summary><c>collection</c>, <c>view</c> or <c>timeseries</c>, told by the options where the type is missing.</summary>
    public string Kind =>
        Type is "view" or "timeseries" ? Type
        : Has("viewOn") ? "view"
        : Has("timeseries") ? "timeseries"
        : Type ?? "collection";

    /// <summary>The file, in canonical Extended JSON.</summary>
    public byte[] ToBytes()
    {
        var writer = new BsonWriter();
        if (Options is not null && Options.Length > Bson.Empty.Length)
        {
            writer.Document("options", Options);
        }
        writer.StartArray("indexes");
        foreach (var index in Indexes)
        {
            writer.Document(null, index);
        }
        writer.End();
        if (Uuid is not null)
        {
            writer.String("uuid", Uuid);
        }
        writer.String("collectionName", CollectionName);
        if (Type is not null)
        {
            writer.String("type", Type);
        }
        return ExtendedJson.ToBytes(writer.ToMemory().Span);
    }

    /// <summary>
    /// Reads the file out of a dump. Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/>, naming the file.
    /// </summary>
    public static async Task<CollectionMetadata> ReadAsync(IStoredDump dump, StoredFile file, CancellationToken cancellationToken)
    {
        if (file.Bytes > BytesMax)
        {
            throw new SourceException(SourceError.Damaged, $"{file.Path} has {file.Bytes} bytes and can be no file of metadata.");
        }
        var path = file.Path.ToString();
        var fallbackName = DumpNames.Unescape(path[(path.LastIndexOf('/') + 1)..^DumpNames.MetadataSuffix.Length]);
        try
        {
            var bytes = new byte[file.Bytes];
            await using (var stream = await dump.OpenAsync(file.Path, cancellationToken))
            {
                await stream.ReadExactlyAsync(bytes, cancellationToken);
            }
            return Parse(bytes, fallbackName);
        }
        catch (Exception error) when (error is BsonException or EndOfStreamException)
        {
            throw new SourceException(SourceError.Damaged, $"{path} is not the metadata of a collection. {error.Message}", error);
        }
    }

    /// <summary>Reads the file. Fails with <see cref="BsonException"/> where it is not what such a file holds.</summary>
    /// <param name="utf8">The file's content.</param>
    /// <param name="fallbackName">The collection's name by the file's, for dumps of old tools.</param>
    public static CollectionMetadata Parse(ReadOnlyMemory<byte> utf8, string fallbackName)
    {
        byte[] bson;
        try
        {
            bson = ExtendedJson.Parse(utf8);
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw new BsonException($"It is not Extended JSON: {error.Message}");
        }
        var options = Bson.Find(bson, "options");
        var indexes = Bson.Find(bson, "indexes");
        return new CollectionMetadata
        {
            Options = options.Type == BsonType.Document ? options.AsDocument().ToArray() : null,
            Indexes = indexes.Type == BsonType.Array ? Bson.CopyDocuments(indexes.Value) : [],
            Uuid = Bson.FindString(bson, "uuid"),
            CollectionName = Bson.FindString(bson, "collectionName") ?? fallbackName,
            Type = Bson.FindString(bson, "type"),
        };
    }

    private bool Has(string option) => Options is not null && Bson.Find(Options, option).IsPresent;
}
