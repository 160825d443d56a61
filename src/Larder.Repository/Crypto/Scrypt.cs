using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Larder.Repository.Crypto;

/// <summary>
/// The password-based key derivation of RFC 7914. Ours, because every command waits for it, and libcrypto does its independent passes one
/// after the other. Who attacks a password does not wait like that either.
/// </summary>
/// <remarks>
/// One pass is a chain of operations that each wait for the one before. So a thread does two passes in step, almost at the price of one,
/// and pairs of passes run at once. The words of each 64 bytes lie in the order of Salsa20's diagonals (Percival's arrangement), so that four
/// quarter-rounds are one operation. Words are little-endian, as the machine's. Memory: two tables for each pair at work, together at most
/// 128 MiB, or those of one pair where they alone are larger.
/// </remarks>
internal static unsafe class Scrypt
{
    private const long TablesBytesMax = 128L << 20;
    private const int PartVectors = 4; // 64 bytes.

    public static void Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ScryptCost cost, Span<byte> output)
    {
        if (!cost.IsAffordable)
        {
            throw new ArgumentException($"scrypt with {cost} is undefined or costs too much.", nameof(cost));
        }
        var blocks = GC.AllocateArray<byte>(128 * cost.R * cost.P, pinned: true);
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(password, salt, blocks, 1, HashAlgorithmName.SHA256);
            var pairs = (cost.P + 1) / 2;
            var atOnce = (int)Math.Clamp(TablesBytesMax / (2 * (long)cost.TableBytes), 1, Math.Min(pairs, Environment.ProcessorCount));
            Parallel.For(0, atOnce, first => MixEvery(blocks, first, atOnce, cost));
            Rfc2898DeriveBytes.Pbkdf2(password, blocks, output, 1, HashAlgorithmName.SHA256);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(blocks);
        }
    }

    /// <summary>Mixes every <paramref name="step"/>-th pair of blocks, one after the other in the same memory.</summary>
    private static void MixEvery(byte[] blocks, int first, int step, ScryptCost cost)
    {
        var blockBytes = 128 * cost.R;
        var memoryBytes = (nuint)blockBytes * (nuint)(2 * (cost.N + 2)); // Two tables, and two blocks of each to work with.
        var memory = (byte*)NativeMemory.AlignedAlloc(memoryBytes, 64);
        try
        {
            for (var pass = 2 * first; pass < cost.P; pass += 2 * step)
            {
                var one = blocks.AsSpan(pass * blockBytes, blockBytes);
                if (pass + 1 < cost.P)
                {
                    MixPair(one, blocks.AsSpan((pass + 1) * blockBytes, blockBytes), memory, cost);
                }
                else
                {
                    MixPair(one, new byte[blockBytes], memory, cost); // The last of an odd number has a stranger at its side.
                }
            }
        }
        finally
        {
            NativeMemory.Clear(memory, memoryBytes); // What is in it leads to the key.
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>scryptROMix, twice: fill the table in order, then read it back in an order that only the content knows.</summary>
    private static void MixPair(Span<byte> one, Span<byte> other, byte* memory, ScryptCost cost)
    {
        var row = (nint)8 * cost.R; // Vectors.
        var oneTable = (Vector128<uint>*)memory;
        var otherTable = oneTable + ((cost.N + 2) * row);
        var oneX = oneTable + (cost.N * row); // Beside each table two blocks to work with.
        var otherX = otherTable + (cost.N * row);
        Arrange(MemoryMarshal.Cast<byte, uint>(one), (uint*)oneTable, toDiagonals: true);
        Arrange(MemoryMarshal.Cast<byte, uint>(other), (uint*)otherTable, toDiagonals: true);
        for (nint i = 0; i < cost.N; i++)
        {
            var oneFrom = oneTable + (i * row);
            var otherFrom = otherTable + (i * row);
            MixBlocks(oneFrom, null, oneFrom + row, otherFrom, null, otherFrom + row, cost.R);
        }
        var mask = (uint)cost.N - 1; // N is far below 2^32, so one word of the last 64 bytes is enough to choose by.
        for (var i = 0; i < cost.N; i++)
        {
            // Back and forth between the two; N is even, so the last result lies in the first.
            var to = i % 2 == 0 ? row : -row;
            var oneRow = oneTable + ((oneX[row - PartVectors].ToScalar() & mask) * row);
            var otherRow = otherTable + ((otherX[row - PartVectors].ToScalar() & mask) * row);
            MixBlocks(oneX, oneRow, oneX + to, otherX, otherRow, otherX + to, cost.R);
            oneX += to;
            otherX += to;
        }
        Arrange(MemoryMarshal.Cast<byte, uint>(one), (uint*)oneX, toDiagonals: false);
        Arrange(MemoryMarshal.Cast<byte, uint>(other), (uint*)otherX, toDiagonals: false);
    }

    private static void Arrange(Span<uint> block, uint* vectors, bool toDiagonals)
    {
        for (var i = 0; i < block.Length; i++)
        {
            ref var word = ref block[(i & ~15) + (i * 5 % 16)];
            if (toDiagonals)
            {
                vectors[i] = word;
            }
            else
            {
                word = vectors[i];
            }
        }
    }

    /// <summary>
    /// scryptBlockMix of two blocks, each combined with a row of its table where one is given: Salsa20/8 chained over the parts of 64
    /// bytes, even results first, odd ones after.
    /// </summary>
    private static void MixBlocks(
        Vector128<uint>* oneFrom, Vector128<uint>* oneRow, Vector128<uint>* oneTo,
        Vector128<uint>* otherFrom, Vector128<uint>* otherRow, Vector128<uint>* otherTo, int r)
    {
        var last = ((2 * r) - 1) * PartVectors;
        var one = Part.Load(oneFrom, oneRow, last);
        var other = Part.Load(otherFrom, otherRow, last);
        for (var part = 0; part < 2 * r; part++)
        {
            one = one.Xor(Part.Load(oneFrom, oneRow, part * PartVectors));
            other = other.Xor(Part.Load(otherFrom, otherRow, part * PartVectors));
            Salsa208(ref one, ref other);
            var place = ((part / 2) + ((part & 1) * r)) * PartVectors;
            one.Store(oneTo + place);
            other.Store(otherTo + place);
        }
    }

    /// <summary>Two independent Salsa20/8 in step: while one waits for a result, the other goes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Salsa208(ref Part one, ref Part other)
    {
        var (w, x, y, z) = (one.A, one.B, one.C, one.D);
        var (s, t, u, v) = (other.A, other.B, other.C, other.D);
        for (var round = 0; round < 8; round += 2)
        {
            Quarters(ref w, ref x, ref y, ref z, ref s, ref t, ref u, ref v);
            Quarters(ref w, ref z, ref y, ref x, ref s, ref v, ref u, ref t);
        }
        one = new Part(one.A + w, one.B + x, one.C + y, one.D + z);
        other = new Part(other.A + s, other.B + t, other.C + u, other.D + v);
    }

    /// <summary>Four quarter-rounds of each, and the turn from columns to rows or back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(
        ref Vector128<uint> w, ref Vector128<uint> x, ref Vector128<uint> y, ref Vector128<uint> z,
        ref Vector128<uint> s, ref Vector128<uint> t, ref Vector128<uint> u, ref Vector128<uint> v)
    {
        x ^= Rotate(w + z, 7);
        t ^= Rotate(s + v, 7);
        y ^= Rotate(x + w, 9);
        u ^= Rotate(t + s, 9);
        z ^= Rotate(y + x, 13);
        v ^= Rotate(u + t, 13);
        w ^= Rotate(z + y, 18);
        s ^= Rotate(v + u, 18);
        x = Vector128.Shuffle(x, Vector128.Create(3u, 0, 1, 2));
        t = Vector128.Shuffle(t, Vector128.Create(3u, 0, 1, 2));
        y = Vector128.Shuffle(y, Vector128.Create(2u, 3, 0, 1));
        u = Vector128.Shuffle(u, Vector128.Create(2u, 3, 0, 1));
        z = Vector128.Shuffle(z, Vector128.Create(1u, 2, 3, 0));
        v = Vector128.Shuffle(v, Vector128.Create(1u, 2, 3, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> value, int count) => (value << count) | (value >>> (32 - count));

    /// <summary>64 bytes.</summary>
    private readonly struct Part(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d)
    {
        public readonly Vector128<uint> A = a, B = b, C = c, D = d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Part Load(Vector128<uint>* from, Vector128<uint>* row, int at)
        {
            from += at;
            var part = new Part(from[0], from[1], from[2], from[3]);
            if (row == null)
            {
                return part;
            }
            row += at;
            return part.Xor(new Part(row[0], row[1], row[2], row[3]));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Part Xor(Part other) => new(A ^ other.A, B ^ other.B, C ^ other.C, D ^ other.D);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(Vector128<uint>* to) => (to[0], to[1], to[2], to[3]) = (A, B, C, D);
    }
}
