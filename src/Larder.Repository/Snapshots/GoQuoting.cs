using System.Buffers;
using System.Globalization;
using System.Text;

namespace Larder.Repository.Snapshots;

/// <summary>
/// Names between bytes and a Go string literal without its quotes (<c>strconv.Quote</c>, <c>strconv.Unquote</c>): valid text for any bytes.
/// </summary>
/// <remarks>
/// Go writes what <c>unicode.IsPrint</c> says as it is and the rest as <c>\u</c>: letters, marks, numbers, punctuation, symbols and the
/// ASCII space.
/// The same categories are asked here, but of .NET's Unicode tables, which may know newer characters than the Go that restic was built
/// with.
/// Readers undo either form, so such a name reads the same; its tree only gets another id than restic's.
/// </remarks>
internal static class GoQuoting
{
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x5F).Select(value => (byte)value).Where(value => value is not ((byte)'"' or (byte)'\\'))]);

    /// <summary>
    /// Whether quoting leaves these bytes as they are because they are printable ASCII; cheap to ask, and true of most names.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept(PlainBytes);

    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        if (IsPlain(bytes))
        {
            return Encoding.ASCII.GetString(bytes);
        }
        var text = new StringBuilder(bytes.Length + 16);
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var length);
            if (status != OperationStatus.Done)
            {
                // Go takes one byte at a time where .NET takes a whole broken sequence.
                length = 1;
                text.Append(CultureInfo.InvariantCulture, $"\\x{bytes[0]:x2}");
            }
            else
            {
                Append(text, rune);
            }
            bytes = bytes[length..];
        }
        return text.ToString();
    }

    /// <summary>False when this is no Go string literal: a bare quote, a line feed, an escape that Go does not know.</summary>
    public static bool TryUnquote(ReadOnlySpan<byte> quoted, out byte[] bytes)
    {
        if (IsPlain(quoted))
        {
            bytes = quoted.ToArray();
            return true;
        }

        // An escape is never shorter than what it stands for.
        var result = new byte[quoted.Length];
        var length = 0;
        bytes = [];
        while (!quoted.IsEmpty)
        {
            var first = quoted[0];
            if (first is (byte)'"' or (byte)'\n')
            {
                return false;
            }
            if (first != '\\')
            {
                result[length++] = first;
                quoted = quoted[1..];
            }
            else if (!TryUnescape(ref quoted, result, ref length))
            {
                return false;
            }
        }
        bytes = result[..length];
        return true;
    }

    private static void Append(StringBuilder text, Rune rune)
    {
        _ = rune.Value switch
        {
            '"' => text.Append("\\\""),
            '\\' => text.Append("\\\\"),
            '\a' => text.Append("\\a"),
            '\b' => text.Append("\\b"),
            '\f' => text.Append("\\f"),
            '\n' => text.Append("\\n"),
            '\r' => text.Append("\\r"),
            '\t' => text.Append("\\t"),
            '\v' => text.Append("\\v"),
            < ' ' or 0x7F => text.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
            _ when IsPrintable(rune) => text.Append(rune.ToString()),
            < 0x10000 => text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
            _ => text.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
        };
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static bool TryUnescape(ref ReadOnlySpan<byte> quoted, byte[] result, ref int length)
    {
        if (quoted.Length < 2)
        {
            return false;
        }
        var kind = quoted[1];
        var simple = kind switch
        {
            (byte)'a' => 0x07,
            (byte)'b' => 0x08,
            (byte)'f' => 0x0C,
            (byte)'n' => 0x0A,
            (byte)'r' => 0x0D,
            (byte)'t' => 0x09,
            (byte)'v' => 0x0B,
            (byte)'\\' => 0x5C,
            (byte)'"' => 0x22,
            _ => -1,
        };
        if (simple >= 0)
        {
            result[length++] = (byte)simple;
            quoted = quoted[2..];
            return true;
        }
        var (start, digits, radixBits) = kind switch
        {
            (byte)'x' => (2, 2, 4),
            (byte)'u' => (2, 4, 4),
            (byte)'U' => (2, 8, 4),
            >= (byte)'0' and <= (byte)'7' => (1, 3, 3),
            _ => (0, 0, 0),
        };
        if (digits == 0 || quoted.Length < start + digits || !TryParseDigits(quoted.Slice(start, digits), radixBits, out var value))
        {
            return false;
        }
        quoted = quoted[(start + digits)..];
        if (kind is (byte)'u' or (byte)'U')
        {
            if (!Rune.TryCreate(value, out var rune))
            {
                return false;
            }
            length += rune.EncodeToUtf8(result.AsSpan(length));
            return true;
        }
        result[length++] = (byte)value;
        return value <= byte.MaxValue;
    }

    private static bool TryParseDigits(ReadOnlySpan<byte> digits, int radixBits, out uint value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            var number = char.IsAsciiHexDigit((char)digit) ? Convert.ToUInt32(((char)digit).ToString(), 16) : uint.MaxValue;
            if (number >= 1u << radixBits)
            {
                return false;
            }
            value = (value << radixBits) | number;
        }
        return true;
    }
}
