using System.Buffers.Binary;

namespace Larder.Sources.MongoDb.Sync;

/// <summary>Which of two documents is the newer one.</summary>
internal enum Newer
{
    Mine,
    Theirs,

    /// <summary>The field has the same value.</summary>
    Neither,

    /// <summary>The field does not say.</summary>
    Unknown,
}

/// <summary>
/// The value of the field that says how new a document is, as it was seen; of type <see cref="BsonType.EndOfDocument"/> none.
/// </summary>
internal readonly record struct SeenField(BsonType Type, byte[] Value)
{
    /// <param name="document">Whole, or with this field alone.</param>
    /// <param name="path">With dots where it leads into documents inside.</param>
    public static SeenField Of(ReadOnlySpan<byte> document, string path)
    {
        var found = Bson.FindPath(document, path);
        return new SeenField(found.Type, found.Value.ToArray());
    }

    /// <summary>Values of one type are ordered as MongoDB orders them; 32 and 64 bits and floating point are one type of number.</summary>
    public Newer Compare(SeenField theirs)
    {
        if (IsNumber && theirs.IsNumber)
        {
            return Told(Type == BsonType.Double || theirs.Type == BsonType.Double
                ? AsDouble().CompareTo(theirs.AsDouble())
                : AsInt64().CompareTo(theirs.AsInt64()));
        }
        if (Type != theirs.Type)
        {
            return Newer.Unknown;
        }
        return Type switch
        {
            BsonType.DateTime => Told(AsInt64().CompareTo(theirs.AsInt64())),
            BsonType.Timestamp => Told(((ulong)AsInt64()).CompareTo((ulong)theirs.AsInt64())),
            BsonType.String => Told(Value.AsSpan(4).SequenceCompareTo(theirs.Value.AsSpan(4))),
            BsonType.ObjectId or BsonType.Boolean => Told(Value.AsSpan().SequenceCompareTo(theirs.Value)),
            _ => Newer.Unknown,
        };
    }

    /// <summary>An expression that is true of a document whose field still has this value.</summary>
    public void WriteUnchanged(BsonWriter writer, string? name, string path)
    {
        writer.StartDocument(name);
        writer.StartArray("$eq");
        if (Type == BsonType.EndOfDocument)
        {
            writer.StartDocument();
            writer.String("$type", $"${path}");
            writer.End();
            writer.String(null, "missing");
        }
        else
        {
            writer.String(null, $"${path}");
            writer.StartDocument();
            writer.Raw(Type, "$literal", Value);
            writer.End();
        }
        writer.End();
        writer.End();
    }

    private bool IsNumber => Type is BsonType.Int32 or BsonType.Int64 or BsonType.Double;

    private long AsInt64() =>
        Type == BsonType.Int32 ? BinaryPrimitives.ReadInt32LittleEndian(Value) : BinaryPrimitives.ReadInt64LittleEndian(Value);

    private double AsDouble() => Type == BsonType.Double ? BinaryPrimitives.ReadDoubleLittleEndian(Value) : AsInt64();

    private static Newer Told(int order) => order switch
    {
        > 0 => Newer.Mine,
        < 0 => Newer.Theirs,
        _ => Newer.Neither,
    };
}
