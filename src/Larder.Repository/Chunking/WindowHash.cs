using System.Numerics;
using System.Runtime.CompilerServices;

namespace Larder.Repository.Chunking;

/// <summary>
/// A pseudo-random function of 64 bytes: NH (the compression of UMAC, RFC 4418, with 64-bit words; two windows collide with
/// probability 2^-64) and then SipHash-2-4 of its 16 bytes. The first is fast, the second hides the first, and both are
/// plain integer arithmetic, so that every machine gets the same.
/// </summary>
internal sealed class WindowHash(ulong[] nhKeys, ulong sipKey0, ulong sipKey1)
{
    public const int WindowBytes = 64;

    /// <param name="window">The first of <see cref="WindowBytes"/> readable bytes.</param>
    public ulong Compute(ref byte window)
    {
        ref var keys = ref nhKeys[0];
        ulong high = 0, low = 0;
        for (var word = 0; word < WindowBytes / sizeof(ulong); word += 2)
        {
            var a = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref window, word * sizeof(ulong))) + Unsafe.Add(ref keys, word);
            var b = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref window, (word + 1) * sizeof(ulong))) + Unsafe.Add(ref keys, word + 1);
            high += Math.BigMul(a, b, out var product);
            low += product;
            high += low < product ? 1UL : 0;
        }
        return SipHash24(sipKey0, sipKey1, low, high);
    }

    /// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012) of a message of exactly 16 bytes, given as two little-endian words.</summary>
    internal static ulong SipHash24(ulong key0, ulong key1, ulong first, ulong second)
    {
        var v0 = key0 ^ 0x736f6d6570736575;
        var v1 = key1 ^ 0x646f72616e646f6d;
        var v2 = key0 ^ 0x6c7967656e657261;
        var v3 = key1 ^ 0x7465646279746573;
        Absorb(first, ref v0, ref v1, ref v2, ref v3);
        Absorb(second, ref v0, ref v1, ref v2, ref v3);
        Absorb(16UL << 56, ref v0, ref v1, ref v2, ref v3); // The message's length closes it.
        v2 ^= 0xff;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Absorb(ulong word, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
