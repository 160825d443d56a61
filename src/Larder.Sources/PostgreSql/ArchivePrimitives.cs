using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// How pg_dump writes numbers and text (pg_backup_archiver.c, WriteInt and WriteStr): a number is a byte for the sign and 4 bytes, the
/// smallest first; a text is its length and its bytes, and a text that is not there has the length -1.
/// The readers return false where the bytes end too early, and throw where they cannot be right.
/// </summary>
internal static class ArchivePrimitives
{
    public const int IntBytes = 5;

    // A definition is a function's source at most; anything longer is damage.
    private const int TextBytesMax = 256 * 1024 * 1024;

    public static bool TryReadInt(ref SequenceReader<byte> bytes, out int value)
    {
        value = 0;
        Span<byte> raw = stackalloc byte[IntBytes];
        if (!bytes.TryCopyTo(raw))
        {
            return false;
        }
        bytes.Advance(IntBytes);
        value = ReadInt(raw);
        return true;
    }

    /// <param name="raw">5 bytes.</param>
    public static int ReadInt(ReadOnlySpan<byte> raw)
    {
        var magnitude = BinaryPrimitives.ReadInt32LittleEndian(raw[1..]);
        return raw[0] switch
        {
            0 => magnitude,
            1 => -magnitude,
            _ => throw new SourceException(SourceError.Damaged, "The archive of pg_dump is damaged: a number has no sign."),
        };
    }

    /// <summary>An OID: the same bytes, up to 2^32 - 1.</summary>
    public static bool TryReadUnsigned(ref SequenceReader<byte> bytes, out uint value)
    {
        var done = TryReadInt(ref bytes, out var number);
        value = unchecked((uint)number);
        return done;
    }

    /// <summary>Reads bytes as Latin-1, which loses none of them whatever they are.</summary>
    public static bool TryReadText(ref SequenceReader<byte> bytes, out string? text)
    {
        text = null;
        if (!TryReadInt(ref bytes, out var length))
        {
            return false;
        }
        if (length < 0)
        {
            return length == -1 ? true : throw new SourceException(
                SourceError.Damaged, "The archive of pg_dump is damaged: a text has a negative length.");
        }
        if (length > TextBytesMax)
        {
            throw new SourceException(SourceError.Damaged, $"The archive of pg_dump is damaged: a text has {length} bytes.");
        }
        if (!bytes.TryReadExact(length, out var content))
        {
            return false;
        }
        text = Encoding.Latin1.GetString(content);
        return true;
    }

    public static void WriteInt(IBufferWriter<byte> output, int value)
    {
        var span = output.GetSpan(IntBytes);
        span[0] = value < 0 ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(span[1..], unchecked(value < 0 ? -value : value));
        output.Advance(IntBytes);
    }

    public static void WriteText(IBufferWriter<byte> output, Encoding encoding, string? text)
    {
        if (text is null)
        {
            WriteInt(output, -1);
            return;
        }
        WriteInt(output, encoding.GetByteCount(text));
        encoding.GetBytes(text, output);
    }

    public static void WriteByte(IBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}
