using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Larder.Repository.Crypto;

/// <summary>
/// Poly1305 in plain arithmetic (D. J. Bernstein, "The Poly1305-AES message-authentication code", 2005), with the
/// accumulator in two 64-bit limbs and a small third one. Constant time: no branch and no index depends on a secret.
/// </summary>
internal static class Poly1305
{
    public const int RBytes = 16;
    public const int KeyBytes = 32;
    public const int BlockBytes = 16;

    /// <param name="key"><c>r</c> (clamped here) and then <c>s</c>, 32 bytes, used for one message only.</param>
    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        var r0 = BinaryPrimitives.ReadUInt64LittleEndian(key) & 0x0ffffffc_0fffffff;
        var r1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]) & 0x0ffffffc_0ffffffc;
        ulong h0 = 0, h1 = 0, h2 = 0;

        var left = message;
        while (left.Length >= BlockBytes)
        {
            Absorb(
                BinaryPrimitives.ReadUInt64LittleEndian(left), BinaryPrimitives.ReadUInt64LittleEndian(left[8..]), 1,
                r0, r1, ref h0, ref h1, ref h2);
            left = left[BlockBytes..];
        }
        if (left.Length > 0)
        {
            Span<byte> last = stackalloc byte[BlockBytes];
            last.Clear();
            left.CopyTo(last);
            last[left.Length] = 1;
            Absorb(
                BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]), 0,
                r0, r1, ref h0, ref h1, ref h2);
        }
        Finish(key[RBytes..], h0, h1, h2, mac);
    }

    /// <summary>h = (h + block) * r modulo 2^130 - 5, with h2 kept below 2^3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Absorb(ulong low, ulong high, ulong top, ulong r0, ulong r1, ref ulong h0, ref ulong h1, ref ulong h2)
    {
        h0 += low;
        var carry = h0 < low ? 1UL : 0;
        h1 += carry;
        carry = h1 < carry ? 1UL : 0;
        h1 += high;
        carry += h1 < high ? 1UL : 0;
        h2 += carry + top;

        // r1 is a multiple of 4, so 5 * r1 / 4 folds what lies above 2^130 back in.
        var s1 = r1 + (r1 >> 2);

        var d0High = Math.BigMul(h0, r0, out var d0);
        Add(ref d0High, ref d0, Math.BigMul(h1, s1, out var low1), low1);

        var d1High = Math.BigMul(h0, r1, out var d1);
        Add(ref d1High, ref d1, Math.BigMul(h1, r0, out var low2), low2);
        Add(ref d1High, ref d1, 0, h2 * s1);
        Add(ref d1High, ref d1, 0, d0High);

        h2 = (h2 * r0) + d1High;
        var fold = (h2 >> 2) + (h2 & ~3UL);
        h2 &= 3;
        h0 = d0 + fold;
        carry = h0 < fold ? 1UL : 0;
        h1 = d1 + carry;
        h2 += h1 < carry ? 1UL : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref ulong high, ref ulong low, ulong addHigh, ulong addLow)
    {
        low += addLow;
        high += addHigh + (low < addLow ? 1UL : 0);
    }

    private static void Finish(ReadOnlySpan<byte> s, ulong h0, ulong h1, ulong h2, Span<byte> mac)
    {
        // h - (2^130 - 5) is h + 5 without its bit 130; it is the answer when that bit is set.
        var g0 = h0 + 5;
        var g1 = h1 + (g0 < 5 ? 1UL : 0);
        var g2 = h2 + (g0 < 5 && g1 == 0 ? 1UL : 0);
        var take = 0UL - (g2 >> 2);
        h0 = (h0 & ~take) | (g0 & take);
        h1 = (h1 & ~take) | (g1 & take);

        var sum = (((UInt128)h1 << 64) | h0) + BinaryPrimitives.ReadUInt128LittleEndian(s);
        BinaryPrimitives.WriteUInt128LittleEndian(mac, sum);
    }
}
