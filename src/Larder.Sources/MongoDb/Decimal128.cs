using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Larder.Sources.MongoDb;

/// <summary>IEEE 754-2008 decimals of 128 bits in BSON's encoding (BID), to text and back without loss of digits.</summary>
internal static class Decimal128
{
    public const int Bytes = 16;

    private const int DigitsMax = 34;
    private const int ExponentBias = 6176;
    private const int ExponentMax = 6111;
    private const ulong SignBit = 1UL << 63;
    private const ulong InfinityBits = 0x7800_0000_0000_0000;
    private const ulong NanBits = 0x7C00_0000_0000_0000;
    private const ulong CoefficientMask = (1UL << 49) - 1;

    private static readonly UInt128 CoefficientMax = UInt128.Parse(new string('9', DigitsMax), CultureInfo.InvariantCulture);

    public static string Format(ReadOnlySpan<byte> value)
    {
        var low = BinaryPrimitives.ReadUInt64LittleEndian(value);
        var high = BinaryPrimitives.ReadUInt64LittleEndian(value[8..]);
        var sign = (high & SignBit) != 0 ? "-" : "";
        if ((high & NanBits) == NanBits)
        {
            return "NaN";
        }
        if ((high & InfinityBits) == InfinityBits)
        {
            return sign + "Infinity";
        }
        // The second form of a coefficient can only be above the largest, which counts as zero.
        var isLarge = (high & 0x6000_0000_0000_0000) == 0x6000_0000_0000_0000;
        var exponent = (int)((high >> (isLarge ? 47 : 49)) & 0x3FFF) - ExponentBias;
        var coefficient = isLarge ? 0 : new UInt128(high & CoefficientMask, low);
        return sign + Format(coefficient > CoefficientMax ? 0 : coefficient, exponent);
    }

    /// <summary>Fails with <see cref="FormatException"/> where the text is no number or has more digits than fit.</summary>
    public static byte[] Parse(string text)
    {
        var negative = text.StartsWith('-');
        var rest = negative || text.StartsWith('+') ? text[1..] : text;
        var high = rest.ToUpperInvariant() switch
        {
            "NAN" => NanBits,
            "INF" or "INFINITY" => InfinityBits,
            _ => 0UL,
        };
        var low = 0UL;
        if (high == 0)
        {
            var (coefficient, exponent) = ParseNumber(rest, text);
            high = (ulong)(coefficient >> 64) | ((ulong)(exponent + ExponentBias) << 49);
            low = (ulong)coefficient;
        }
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), high | (negative ? SignBit : 0));
        return bytes;
    }

    private static string Format(UInt128 coefficient, int exponent)
    {
        var digits = coefficient.ToString(CultureInfo.InvariantCulture);
        var scientific = exponent + digits.Length - 1;
        if (exponent > 0 || scientific < -6)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{fraction}E{scientific:+0;-0;+0}");
        }
        if (exponent == 0)
        {
            return digits;
        }
        var point = digits.Length + exponent;
        return point > 0 ? $"{digits[..point]}.{digits[point..]}" : $"0.{new string('0', -point)}{digits}";
    }

    private static (UInt128 Coefficient, int Exponent) ParseNumber(string number, string shown)
    {
        var mark = number.IndexOfAny(['e', 'E']);
        var mantissa = mark < 0 ? number : number[..mark];
        var exponent = BigInteger.Zero;
        if (mark >= 0
            && !BigInteger.TryParse(number[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
        {
            throw NotDecimal(shown);
        }
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
        exponent -= point < 0 ? 0 : mantissa.Length - point - 1;
        if (digits.Length == 0 || !digits.All(char.IsAsciiDigit))
        {
            throw NotDecimal(shown);
        }
        digits = digits.TrimStart('0');

        // Zeros at the end move into the exponent and back where that makes the number fit.
        while ((digits.Length > DigitsMax || exponent < -ExponentBias) && digits.EndsWith('0'))
        {
            digits = digits[..^1];
            exponent++;
        }
        while (exponent > ExponentMax && digits.Length is > 0 and < DigitsMax)
        {
            digits += '0';
            exponent--;
        }
        if (digits.Length == 0)
        {
            return (0, (int)BigInteger.Min(BigInteger.Max(exponent, -ExponentBias), ExponentMax));
        }
        return digits.Length <= DigitsMax && exponent >= -ExponentBias && exponent <= ExponentMax
            ? (UInt128.Parse(digits, CultureInfo.InvariantCulture), (int)exponent)
            : throw NotDecimal(shown);
    }

    private static FormatException NotDecimal(string text) => new($"\"{text}\" is not a decimal of 128 bits.");
}
