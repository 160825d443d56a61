using System.Buffers.Binary;
using System.Text;

namespace Larder.Sources.MongoDb;

/// <summary>One name and value of a document, where they lie. Of type <see cref="BsonType.EndOfDocument"/> it stands for none.</summary>
public readonly ref struct BsonElement(BsonType type, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> value)
{
    public BsonType Type { get; } = type;

    /// <summary>The name, without the zero at its end.</summary>
    public ReadOnlySpan<byte> NameBytes { get; } = nameBytes;

    /// <summary>The value as BSON has it, length prefixes included.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;

    public bool IsPresent => Type != BsonType.EndOfDocument;

    public bool IsDocument => Type is BsonType.Document or BsonType.Array;

    public string Name => Encoding.UTF8.GetString(NameBytes);

    /// <summary>The bytes of a document or array.</summary>
    public ReadOnlySpan<byte> AsDocument() => IsDocument ? Value : throw Unexpected("a document");

    /// <summary>The text of a string, symbol or code.</summary>
    public string AsString() => Encoding.UTF8.GetString(AsStringBytes());

    public ReadOnlySpan<byte> AsStringBytes() =>
        Type is BsonType.String or BsonType.Symbol or BsonType.Code ? Value[4..^1] : throw Unexpected("a string");

    public int AsInt32() => checked((int)AsInt64());

    /// <summary>Any whole number, whichever type the server chose for it.</summary>
    public long AsInt64() => Type switch
    {
        BsonType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Value),
        BsonType.Int64 or BsonType.DateTime => BinaryPrimitives.ReadInt64LittleEndian(Value),
        BsonType.Double => (long)BinaryPrimitives.ReadDoubleLittleEndian(Value),
        _ => throw Unexpected("a number"),
    };

    public double AsDouble() => Type == BsonType.Double ? BinaryPrimitives.ReadDoubleLittleEndian(Value) : AsInt64();

    /// <summary>A timestamp: seconds in the upper half, an ordinal in the lower.</summary>
    public ulong AsTimestamp() =>
        Type == BsonType.Timestamp ? BinaryPrimitives.ReadUInt64LittleEndian(Value) : throw Unexpected("a timestamp");

    /// <summary>Whether it is true, in the sense of the server: a number other than 0 is.</summary>
    public bool AsBoolean() => Type == BsonType.Boolean ? Value[0] != 0 : IsPresent && AsDouble() != 0;

    /// <summary>The bytes of a binary value and its subtype.</summary>
    public ReadOnlySpan<byte> AsBinary(out byte subtype)
    {
        if (Type != BsonType.Binary)
        {
            throw Unexpected("binary");
        }
        subtype = Value[4];
        return Value[5..];
    }

    private BsonException Unexpected(string what) =>
        new(IsPresent ? $"The value \"{Name}\" is not {what} but {Type}." : $"There is no value that could be {what}.");
}
