using System.Numerics;
using System.Runtime.CompilerServices;

namespace Larder.Repository.Chunking;

/// <summary>
/// Stage 1 at a block of neighbouring positions. A position is a candidate when
/// <c>(u32 at i-4 xor rotl(u32 at i-32, 13)) * multiplier + addend</c>, as a signed number, is among the lowest 2^24: one
/// position in 256 of random data. Signed, because no vector unit below AVX-512 compares unsigned numbers.
/// </summary>
internal interface ICandidateScan
{
    /// <summary>How many positions one call looks at, at most 64.</summary>
    static abstract int Positions { get; }

    /// <summary>Bit k is set when position k is a candidate.</summary>
    /// <param name="at">Position 0. The 32 bytes before it are read, and those up to the last position.</param>
    static abstract ulong Candidates(ref byte at, int multiplier, int addend);
}

/// <summary>What the scans have in common.</summary>
internal static class CandidateScan
{
    // Two words far apart, not side by side: a dump repeats the same 8 bytes in every row, and a key that makes them candidates
    // would cut that table finer. Mean chunk of dump text over 24 keys, in averages: 0.75 to 1.31 with the words side by side
    // (8 here), 0.90 to 1.19 with 20, 0.89 to 1.08 with 32; the speed is the same.
    public const int LookBackBytes = 32;
    public const int CandidateBits = 8;
    public const int Rotation = 13;

    /// <summary>Values below this are candidates.</summary>
    public const int Threshold = int.MinValue + (1 << (32 - CandidateBits));

    /// <summary>Four masks of every fourth position, put together in the order of positions: bit k of mask j becomes bit 4k + j.</summary>
    public static ulong Interleave(ulong mask0, ulong mask1, ulong mask2, ulong mask3) =>
        Spread(mask0) | (Spread(mask1) << 1) | (Spread(mask2) << 2) | (Spread(mask3) << 3);

    private static ulong Spread(ulong bits)
    {
        bits = (bits | (bits << 24)) & 0x000000ff_000000ff;
        bits = (bits | (bits << 12)) & 0x000f000f_000f000f;
        bits = (bits | (bits << 6)) & 0x03030303_03030303;
        return (bits | (bits << 3)) & 0x11111111_11111111;
    }
}

/// <summary>One position at a time: the definition, and the way on machines without vectors and at the end of a chunk.</summary>
internal readonly struct ScalarScan : ICandidateScan
{
    public static int Positions => 1;

    public static ulong Candidates(ref byte at, int multiplier, int addend)
    {
        var near = Unsafe.ReadUnaligned<uint>(ref Unsafe.Subtract(ref at, 4));
        var far = Unsafe.ReadUnaligned<uint>(ref Unsafe.Subtract(ref at, CandidateScan.LookBackBytes));
        var mixed = (int)(near ^ BitOperations.RotateLeft(far, CandidateScan.Rotation));
        return (mixed * multiplier) + addend < CandidateScan.Threshold ? 1UL : 0;
    }
}
