using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Larder.Repository.Snapshots;

/// <summary>
/// Writes JSON byte for byte as Go's <c>encoding/json</c> does (Go 1.22 and later), because the bytes of a tree make its id: no white
/// space,
/// <c>&lt;&gt;&amp;</c>, U+2028 and U+2029 escaped, other text as it is. Grows as needed; the owner returns it by disposing.
/// </summary>
internal sealed class GoJson(int capacityBytes) : IDisposable
{
    // What needs no escape: printable ASCII without " \ < > &, and DEL.
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x60).Select(value => (byte)value).Where(value => !"\"\\<>&"u8.Contains(value))]);

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(capacityBytes);
    private int length;

    public byte[] ToArray() => buffer.AsSpan(0, length).ToArray();

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    /// <summary>Bytes that are JSON already.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Room(json.Length));
        length += json.Length;
    }

    public void Number(ulong number)
    {
        Utf8Formatter.TryFormat(number, Room(20), out var written);
        length += written;
    }

    public void Number(long number)
    {
        Utf8Formatter.TryFormat(number, Room(20), out var written);
        length += written;
    }

    public void Time(UnixTime time, int offsetMinutes = 0)
    {
        Raw("\""u8);
        length += Rfc3339.Format(time, Room(Rfc3339.BytesMax), offsetMinutes);
        Raw("\""u8);
    }

    public void Time(DateTimeOffset time) => Time(UnixTime.From(time), (int)time.Offset.TotalMinutes);

    public void Hash(Hash256 hash)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        hash.Write(bytes);
        Raw("\""u8);
        Convert.TryToHexStringLower(bytes, Room(2 * Hash256.Bytes), out var written);
        length += written;
        Raw("\""u8);
    }

    public void Base64(ReadOnlySpan<byte> bytes)
    {
        Raw("\""u8);
        var room = Room(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(bytes.Length));
        System.Buffers.Text.Base64.EncodeToUtf8(bytes, room, out _, out var written);
        length += written;
        Raw("\""u8);
    }

    /// <summary>A string of UTF-16; a surrogate without its other half becomes U+FFFD.</summary>
    public void String(string text) => String(Encoding.UTF8.GetBytes(text));

    /// <summary>A string of UTF-8; each byte that is not UTF-8 becomes U+FFFD.</summary>
    public void String(ReadOnlySpan<byte> text)
    {
        Raw("\""u8);
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(PlainBytes);
            plain = plain < 0 ? text.Length : plain;
            Raw(text[..plain]);
            text = text[plain..];
            if (!text.IsEmpty)
            {
                text = text[Escaped(text)..];
            }
        }
        Raw("\""u8);
    }

    public void Strings(IReadOnlyList<string> texts)
    {
        Raw("["u8);
        for (var i = 0; i < texts.Count; i++)
        {
            Raw(i == 0 ? [] : ","u8);
            String(texts[i]);
        }
        Raw("]"u8);
    }

    // Writes the first character and says how many bytes it took.
    private int Escaped(ReadOnlySpan<byte> text)
    {
        switch (text[0])
        {
            case (byte)'"':
                Raw("\\\""u8);
                return 1;
            case (byte)'\\':
                Raw("\\\\"u8);
                return 1;
            case (byte)'\n':
                Raw("\\n"u8);
                return 1;
            case (byte)'\r':
                Raw("\\r"u8);
                return 1;
            case (byte)'\t':
                Raw("\\t"u8);
                return 1;
            case (byte)'\b': // Go before 1.22 wrote \u0008 and \u000c; readers take both.
                Raw("\\b"u8);
                return 1;
            case (byte)'\f':
                Raw("\\f"u8);
                return 1;
            case < 0x80:
                Raw("\\u00"u8);
                Raw([HexDigit(text[0] >> 4), HexDigit(text[0] & 15)]);
                return 1;
        }
        if (Rune.DecodeFromUtf8(text, out var rune, out var taken) != OperationStatus.Done)
        {
            Raw("\\ufffd"u8);
            return 1;
        }
        Raw(rune.Value switch
        {
            0x2028 => "\\u2028"u8,
            0x2029 => "\\u2029"u8,
            _ => text[..taken],
        });
        return taken;
    }

    private static byte HexDigit(int value) => "0123456789abcdef"u8[value];

    private Span<byte> Room(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + bytes));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        return buffer.AsSpan(length);
    }
}
