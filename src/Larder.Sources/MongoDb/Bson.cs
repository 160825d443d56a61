namespace Larder.Sources.MongoDb;

/// <summary>Looking things up in documents.</summary>
public static class Bson
{
    /// <summary>The largest document that a server holds, with the room it grants its own messages: 16 MiB and 16 KiB.</summary>
    public const int DocumentBytesMax = (16 * 1024 * 1024) + (16 * 1024);

    /// <summary>An empty document.</summary>
    public static ReadOnlyMemory<byte> Empty { get; } = new byte[] { 5, 0, 0, 0, 0 };

    /// <summary>The first element with this name; one that is not present where there is none.</summary>
    public static BsonElement Find(ReadOnlySpan<byte> document, ReadOnlySpan<byte> name)
    {
        foreach (var element in new BsonReader(document))
        {
            if (element.NameBytes.SequenceEqual(name))
            {
                return element;
            }
        }
        return default;
    }

    public static BsonElement Find(ReadOnlySpan<byte> document, string name) =>
        Find(document, System.Text.Encoding.UTF8.GetBytes(name));

    /// <summary>Steps down by names parted by dots: <c>cursor.firstBatch</c>.</summary>
    public static BsonElement FindPath(ReadOnlySpan<byte> document, string path)
    {
        BsonElement found = default;
        foreach (var name in path.Split('.'))
        {
            found = Find(document, name);
            if (!found.IsDocument)
            {
                return name.Length > 0 && path.EndsWith(name, StringComparison.Ordinal) ? found : default;
            }
            document = found.Value;
        }
        return found;
    }

    /// <summary>The text of an element, or null where there is none or it is of another type.</summary>
    public static string? FindString(ReadOnlySpan<byte> document, string path)
    {
        var found = FindPath(document, path);
        return found.Type == BsonType.String ? found.AsString() : null;
    }

    /// <summary>The documents of an array, copied.</summary>
    public static List<byte[]> CopyDocuments(ReadOnlySpan<byte> array)
    {
        var documents = new List<byte[]>();
        foreach (var element in new BsonReader(array))
        {
            documents.Add(element.AsDocument().ToArray());
        }
        return documents;
    }

    /// <summary>Reads every value to its end. Fails with <see cref="BsonException"/> where something is not BSON.</summary>
    public static void Validate(ReadOnlySpan<byte> document) => Validate(document, 0);

    private static void Validate(ReadOnlySpan<byte> document, int depth)
    {
        const int depthMax = 200; // The server allows 180 to 200.
        if (depth > depthMax)
        {
            throw new BsonException($"Documents are nested deeper than {depthMax}.");
        }
        foreach (var element in new BsonReader(document))
        {
            if (element.IsDocument)
            {
                Validate(element.Value, depth + 1);
            }
        }
    }
}
