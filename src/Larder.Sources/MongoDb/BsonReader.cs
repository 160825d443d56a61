using System.Buffers.Binary;

namespace Larder.Sources.MongoDb;

/// <summary>
/// The elements of one document or array, where they lie. Fails with <see cref="BsonException"/> at the first byte that cannot be BSON;
/// nested documents are only stepped over.
/// </summary>
public ref struct BsonReader
{
    private const int DocumentBytesMin = 5; // Its length and the zero at its end.

    private ReadOnlySpan<byte> rest;

    /// <param name="document">Exactly one document.</param>
    public BsonReader(ReadOnlySpan<byte> document)
    {
        if (document.Length < DocumentBytesMin
            || BinaryPrimitives.ReadInt32LittleEndian(document) != document.Length
            || document[^1] != 0)
        {
            throw new BsonException("A document's length is not what it says, or it does not end with a zero.");
        }
        rest = document[4..];
    }

    /// <summary>Where it stands, after a <see cref="Read"/> that returned true.</summary>
    public BsonElement Current { get; private set; }

    public readonly BsonReader GetEnumerator() => this;

    public bool MoveNext() => Read();

    /// <returns>False at the end.</returns>
    public bool Read()
    {
        var type = (BsonType)rest[0];
        if (type == BsonType.EndOfDocument)
        {
            return rest.Length == 1 ? false : throw new BsonException("A document ends before its length says so.");
        }
        var nameBytes = rest[1..].IndexOf((byte)0);
        if (nameBytes < 0)
        {
            throw new BsonException("A name does not end.");
        }
        var values = rest[(nameBytes + 2)..];
        var length = values.IsEmpty ? -1 : LengthOf(type, values);
        if (length < 0 || length >= values.Length) // At least the document's last zero follows.
        {
            throw new BsonException("A value is longer than its document.");
        }
        Current = new BsonElement(type, rest.Slice(1, nameBytes), values[..length]);
        rest = values[length..];
        return true;
    }

    private static int LengthOf(BsonType type, ReadOnlySpan<byte> values) => type switch
    {
        BsonType.Undefined or BsonType.Null or BsonType.MinKey or BsonType.MaxKey => 0,
        BsonType.Boolean => values[0] <= 1 ? 1 : throw new BsonException("A boolean is neither 0 nor 1."),
        BsonType.Int32 => 4,
        BsonType.Double or BsonType.DateTime or BsonType.Timestamp or BsonType.Int64 => 8,
        BsonType.ObjectId => 12,
        BsonType.Decimal128 => 16,
        BsonType.String or BsonType.Code or BsonType.Symbol => StringLength(values),
        BsonType.Document or BsonType.Array => DocumentLength(values),
        BsonType.Binary => Prefix(values, 0) is >= 0 and < int.MaxValue - 5 and var bytes
            ? bytes + 5 : throw new BsonException("A binary value has a length below 0."),
        BsonType.DbPointer => StringLength(values) + 12,
        BsonType.Regex => RegexLength(values),
        BsonType.CodeWithScope => Prefix(values, 14), // Length, a string of at least 5 bytes, a document of at least 5.
        _ => throw new BsonException($"There is no type 0x{(byte)type:x2}."),
    };

    private static int StringLength(ReadOnlySpan<byte> values)
    {
        var bytes = Prefix(values, 1);
        return bytes < values.Length - 4 && values[bytes + 3] == 0
            ? bytes + 4
            : throw new BsonException("A string does not end with a zero where its length says so.");
    }

    private static int DocumentLength(ReadOnlySpan<byte> values)
    {
        var bytes = Prefix(values, DocumentBytesMin);
        return bytes < values.Length && values[bytes - 1] == 0
            ? bytes
            : throw new BsonException("A document inside another does not end with a zero where its length says so.");
    }

    private static int RegexLength(ReadOnlySpan<byte> values)
    {
        var pattern = values.IndexOf((byte)0);
        var options = pattern < 0 ? -1 : values[(pattern + 1)..].IndexOf((byte)0);
        return options < 0 ? throw new BsonException("A regular expression does not end.") : pattern + options + 2;
    }

    private static int Prefix(ReadOnlySpan<byte> values, int least)
    {
        var length = values.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(values) : -1;
        return length >= least ? length : throw new BsonException("A value's length cannot be.");
    }
}
