using System.Text.Json;

namespace Larder.Sources.MongoDb.Sync;

/// <summary>A value of <c>_id</c>, as it lies in BSON. The same are those of one type with the same bytes.</summary>
internal sealed class DocumentId : IEquatable<DocumentId>
{
    private const int ShownLength = 200;

    private readonly BsonType type;
    private readonly byte[] value;
    private readonly int hash;

    private DocumentId(BsonType type, byte[] value)
    {
        this.type = type;
        this.value = value;
        var code = default(HashCode);
        code.AddBytes(value);
        hash = code.ToHashCode();
    }

    /// <summary>What it takes in a command, about.</summary>
    public int Bytes => value.Length + 8;

    /// <summary>Null where the document has none, which only collections of the server's own have.</summary>
    public static DocumentId? Of(ReadOnlySpan<byte> document) =>
        Bson.Find(document, "_id"u8) is { IsPresent: true } found ? new DocumentId(found.Type, found.Value.ToArray()) : null;

    public void Write(BsonWriter writer, string? name) => writer.Raw(type, name, value);

    public bool Equals(DocumentId? other) => other is not null && type == other.type && value.AsSpan().SequenceEqual(other.value);

    public override bool Equals(object? obj) => Equals(obj as DocumentId);

    public override int GetHashCode() => hash;

    /// <summary>Relaxed Extended JSON.</summary>
    public override string ToString()
    {
        var writer = new BsonWriter();
        Write(writer, "_id");
        using var json = JsonDocument.Parse(ExtendedJson.ToText(writer.ToMemory().Span, ExtendedJsonMode.Relaxed));
        var text = json.RootElement.GetProperty("_id").GetRawText();
        return text.Length <= ShownLength ? text : $"{text[..ShownLength]}…";
    }
}
