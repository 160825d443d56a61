using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Larder.Repository;

/// <summary>A SHA-256 value, 32 bytes. Written as 64 lower-case hex digits, ordered by its bytes.</summary>
public readonly record struct Hash256 : IComparable<Hash256>
{
    public const int Bytes = 32;

    private static readonly System.Buffers.SearchValues<char> LowerHexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    // Big-endian words, so that comparing them compares the bytes.
    private readonly ulong first, second, third, fourth;

    /// <param name="bytes">At least 32 bytes; the first 32 are read.</param>
    public Hash256(ReadOnlySpan<byte> bytes)
    {
        first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        third = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        fourth = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The leading 64 bits: uniformly distributed, good enough to place an id in a table.</summary>
    public ulong Prefix => first;

    public static Hash256 Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[Bytes];
        SHA256.HashData(content, digest);
        return new Hash256(digest);
    }

    public static Hash256 Random()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        return new Hash256(bytes);
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], second);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], third);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], fourth);
    }

    /// <summary>Exactly 64 lower-case hex digits, as the format names its files; anything else is refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Hash256 hash)
    {
        hash = default;
        if (text.Length != 2 * Bytes || text.ContainsAnyExcept(LowerHexDigits))
        {
            return false;
        }
        Span<byte> bytes = stackalloc byte[Bytes];
        Convert.FromHexString(text, bytes, out _, out _);
        hash = new Hash256(bytes);
        return true;
    }

    public static Hash256 Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var hash) ? hash : throw new FormatException($"\"{text}\" is not an id of 64 hex digits.");

    public int CompareTo(Hash256 other)
    {
        var order = first.CompareTo(other.first);
        order = order != 0 ? order : second.CompareTo(other.second);
        order = order != 0 ? order : third.CompareTo(other.third);
        return order != 0 ? order : fourth.CompareTo(other.fourth);
    }

    public override int GetHashCode() => first.GetHashCode();

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
