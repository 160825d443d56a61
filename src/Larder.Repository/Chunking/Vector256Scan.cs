using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Larder.Repository.Chunking;

/// <summary>Stage 1 at 32 positions: four loads, each one byte on, are four interleaved sets of every fourth position.</summary>
internal readonly struct Vector256Scan : ICandidateScan
{
    public static int Positions => Vector256<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Candidates(ref byte at, int multiplier, int addend)
    {
        var times = Vector256.Create(multiplier);
        var plus = Vector256.Create(addend);
        var h0 = Hash(ref at, 0, times, plus);
        var h1 = Hash(ref at, 1, times, plus);
        var h2 = Hash(ref at, 2, times, plus);
        var h3 = Hash(ref at, 3, times, plus);

        // One comparison answers for all: three blocks of four have no candidate at 64 positions.
        var threshold = Vector256.Create(CandidateScan.Threshold);
        var lowest = Vector256.Min(Vector256.Min(h0, h1), Vector256.Min(h2, h3));
        return Vector256.LessThanAny(lowest, threshold)
            ? CandidateScan.Interleave(Below(h0, threshold), Below(h1, threshold), Below(h2, threshold), Below(h3, threshold))
            : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Hash(ref byte at, nint shift, Vector256<int> times, Vector256<int> plus)
    {
        var near = Vector256.LoadUnsafe(ref Unsafe.Add(ref at, shift - 4)).AsUInt32();
        var far = Vector256.LoadUnsafe(ref Unsafe.Add(ref at, shift - CandidateScan.LookBackBytes)).AsUInt32();
        var rotated = (far << CandidateScan.Rotation) | (far >> (32 - CandidateScan.Rotation));
        return ((near ^ rotated).AsInt32() * times) + plus;
    }

    private static ulong Below(Vector256<int> hashes, Vector256<int> threshold) =>
        Vector256.LessThan(hashes, threshold).ExtractMostSignificantBits();
}
