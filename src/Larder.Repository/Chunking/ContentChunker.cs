using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Larder.Repository.Chunking;

/// <summary>
/// Cuts where the content says so, so that what is unchanged is found again after an insertion or deletion before it.
/// Two stages: a cheap hash of two words at every position, in vectors, picks one position in 256; there a keyed hash of the
/// last 64 bytes decides. A cut depends on the bytes of its own chunk and the keys alone, and never on the vector width.
/// </summary>
public sealed class ContentChunker : IChunker
{
    // Before the turn a cut is four times as rare as one in the average, after it four times as frequent: sizes gather around
    // the average. With the minimum at a quarter of it, the mean is m + (1 - e^(-t/4)) * 4 + e^(-t/4) / 4 averages where t is
    // the way from the minimum to the turn; it is 1 for t = 0.572, so the turn is at 0.822 of the average.
    private const int Hardness = 4;
    private const double TurnShare = 0.822;

    private readonly ChunkSizes sizes;
    private readonly WindowHash window;
    private readonly int multiplier, addend, turnBytes;
    private readonly ulong thresholdBefore, thresholdAfter;
    private readonly VectorWidth width;

    public ContentChunker(ChunkerKeys keys, ChunkSizes sizes)
        : this(keys, sizes, VectorWidths.Widest)
    {
    }

    internal ContentChunker(ChunkerKeys keys, ChunkSizes sizes, VectorWidth width)
    {
        Require(sizes);
        this.sizes = sizes;
        this.width = width;
        window = keys.Window;
        multiplier = keys.Multiplier;
        addend = keys.Addend;
        turnBytes = (int)(TurnShare * sizes.AverageBytes);
        thresholdBefore = Threshold(Hardness * (double)sizes.AverageBytes);
        thresholdAfter = Threshold((double)sizes.AverageBytes / Hardness);
    }

    public int BytesMax => sizes.MaxBytes;

    public int Cut(ReadOnlySpan<byte> data)
    {
        var end = Math.Min(data.Length, sizes.MaxBytes);
        if (end <= sizes.MinBytes)
        {
            return end;
        }
        ref var start = ref MemoryMarshal.GetReference(data);
        return width switch
        {
            VectorWidth.Bits512 => Find<Vector512Scan>(ref start, end),
            VectorWidth.Bits256 => Find<Vector256Scan>(ref start, end),
            VectorWidth.Bits128 => Find<Vector128Scan>(ref start, end),
            _ => Find<ScalarScan>(ref start, end),
        };
    }

    private int Find<TScan>(ref byte start, int end)
        where TScan : struct, ICandidateScan
    {
        var at = sizes.MinBytes;
        for (; at <= end - TScan.Positions; at += TScan.Positions)
        {
            var candidates = TScan.Candidates(ref Unsafe.Add(ref start, at), multiplier, addend);
            for (; candidates != 0; candidates &= candidates - 1)
            {
                var candidate = at + BitOperations.TrailingZeroCount(candidates);
                if (IsCut(ref start, candidate))
                {
                    return candidate;
                }
            }
        }
        for (; at < end; at++)
        {
            if (ScalarScan.Candidates(ref Unsafe.Add(ref start, at), multiplier, addend) != 0 && IsCut(ref start, at))
            {
                return at;
            }
        }
        return end;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsCut(ref byte start, int at) =>
        window.Compute(ref Unsafe.Add(ref start, at - WindowHash.WindowBytes)) < (at < turnBytes ? thresholdBefore : thresholdAfter);

    /// <summary>Stage 2 passes this share of 2^64 so that both stages together pass one position in so many.</summary>
    private static ulong Threshold(double onePositionIn)
    {
        var oneCandidateIn = onePositionIn / (1 << CandidateScan.CandidateBits);
        return oneCandidateIn <= 1 ? ulong.MaxValue : (ulong)(Math.ScaleB(1, 64) / oneCandidateIn);
    }

    private static void Require(ChunkSizes sizes)
    {
        if (sizes.MinBytes < WindowHash.WindowBytes || sizes.MinBytes >= sizes.AverageBytes || sizes.AverageBytes >= sizes.MaxBytes
            || sizes.MaxBytes > ChunkSizes.BytesMax)
        {
            throw new ArgumentException(
                $"The sizes of a chunk must ascend from {WindowHash.WindowBytes} bytes to at most 8 MiB: {sizes}.", nameof(sizes));
        }
    }
}

/// <summary>How many bits stage 1 handles at once.</summary>
internal enum VectorWidth
{
    Scalar,
    Bits128,
    Bits256,
    Bits512,
}

internal static class VectorWidths
{
    public static VectorWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256
        : Vector128.IsHardwareAccelerated ? VectorWidth.Bits128
        : VectorWidth.Scalar;
}
