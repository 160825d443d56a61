using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Larder.Sources.MongoDb;

/// <summary>
/// Writes one document into a buffer that grows. Elements of arrays are named by their index: pass <c>null</c> inside arrays and the index
/// is filled in. Not for concurrent use.
/// </summary>
public sealed class BsonWriter
{
    private readonly Stack<Level> levels = new();
    private byte[] buffer;
    private int length;

    public BsonWriter(int capacity = 256)
    {
        buffer = new byte[Math.Max(capacity, 16)];
        Open(isArray: false);
    }

    /// <summary>Bytes written so far, lengths of open documents included.</summary>
    public int Length => length;

    public void StartDocument(string? name = null)
    {
        Head(BsonType.Document, name);
        Open(isArray: false);
    }

    public void StartArray(string? name = null)
    {
        Head(BsonType.Array, name);
        Open(isArray: true);
    }

    /// <summary>Ends the document or array that was started last.</summary>
    public void End()
    {
        if (levels.Count < 2)
        {
            throw new InvalidOperationException("There is no document inside that could end.");
        }
        Close();
    }

    public void String(string? name, string value)
    {
        Head(BsonType.String, name);
        Text(value);
    }

    public void Symbol(string? name, string value)
    {
        Head(BsonType.Symbol, name);
        Text(value);
    }

    public void Int32(string? name, int value)
    {
        Head(BsonType.Int32, name);
        Put32(value);
    }

    public void Int64(string? name, long value)
    {
        Head(BsonType.Int64, name);
        Put64(value);
    }

    public void Double(string? name, double value)
    {
        Head(BsonType.Double, name);
        Put64(BitConverter.DoubleToInt64Bits(value));
    }

    public void Boolean(string? name, bool value)
    {
        Head(BsonType.Boolean, name);
        Grow(1)[0] = value ? (byte)1 : (byte)0;
    }

    public void Null(string? name) => Head(BsonType.Null, name);

    /// <param name="value">Milliseconds since 1970-01-01 UTC.</param>
    public void DateTime(string? name, long value)
    {
        Head(BsonType.DateTime, name);
        Put64(value);
    }

    /// <param name="value">Seconds in the upper half, an ordinal in the lower.</param>
    public void Timestamp(string? name, ulong value)
    {
        Head(BsonType.Timestamp, name);
        Put64((long)value);
    }

    public void ObjectId(string? name, ReadOnlySpan<byte> value)
    {
        if (value.Length != 12)
        {
            throw new ArgumentException("An ObjectId has 12 bytes.", nameof(value));
        }
        Raw(BsonType.ObjectId, name, value);
    }

    public void Binary(string? name, ReadOnlySpan<byte> value, byte subtype = 0)
    {
        Head(BsonType.Binary, name);
        Put32(value.Length);
        Grow(1)[0] = subtype;
        value.CopyTo(Grow(value.Length));
    }

    /// <summary>A whole document, as it is.</summary>
    public void Document(string? name, ReadOnlySpan<byte> document) => Raw(BsonType.Document, name, document);

    public void Array(string? name, ReadOnlySpan<byte> array) => Raw(BsonType.Array, name, array);

    /// <summary>An element of another document, as it is.</summary>
    public void Element(BsonElement element) => Raw(element.Type, element.Name, element.Value);

    /// <summary>A value that is BSON already.</summary>
    public void Raw(BsonType type, string? name, ReadOnlySpan<byte> value)
    {
        Head(type, name);
        value.CopyTo(Grow(value.Length));
    }

    /// <summary>Ends the document. The bytes belong to this writer, which must not be written to any more.</summary>
    public ReadOnlyMemory<byte> ToMemory()
    {
        while (levels.Count > 0)
        {
            Close();
        }
        return buffer.AsMemory(0, length);
    }

    public byte[] ToArray() => ToMemory().ToArray();

    private void Head(BsonType type, string? name)
    {
        var level = levels.Peek();
        if (level.IsArray)
        {
            name ??= level.Count.ToString(CultureInfo.InvariantCulture);
            level.Count++;
        }
        ArgumentNullException.ThrowIfNull(name);
        if (name.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A name in BSON cannot hold a zero.", nameof(name));
        }
        Grow(1)[0] = (byte)type;
        Encoding.UTF8.GetBytes(name, Grow(Encoding.UTF8.GetByteCount(name)));
        Grow(1)[0] = 0;
    }

    private void Text(string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value);
        Put32(bytes + 1);
        Encoding.UTF8.GetBytes(value, Grow(bytes));
        Grow(1)[0] = 0;
    }

    private void Open(bool isArray)
    {
        levels.Push(new Level { Start = length, IsArray = isArray });
        Put32(0); // Filled in at its end.
    }

    private void Close()
    {
        Grow(1)[0] = 0;
        var start = levels.Pop().Start;
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(start), length - start);
    }

    private void Put32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Grow(4), value);

    private void Put64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Grow(8), value);

    private Span<byte> Grow(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            var doubled = Math.Min(2L * buffer.Length, System.Array.MaxLength);
            System.Array.Resize(ref buffer, checked((int)Math.Max(doubled, (long)length + bytes)));
        }
        length += bytes;
        return buffer.AsSpan(length - bytes, bytes);
    }

    private sealed class Level
    {
        public required int Start { get; init; }

        public required bool IsArray { get; init; }

        public int Count { get; set; }
    }
}
