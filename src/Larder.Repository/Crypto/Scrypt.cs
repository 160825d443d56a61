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
/// The words of each 64 bytes lie in the order of Salsa20's diagonals (Percival's arrangement), so that four quarter-rounds are one
/// operation on vectors. Words are little-endian, as the machine's. Memory: one table for each pass at work, together at most 64 MiB, or
/// one table where that alone is larger.
/// </remarks>
internal static unsafe class Scrypt
{
    private const long TablesBytesMax = 64L << 20;
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
            var atOnce = (int)Math.Clamp(TablesBytesMax / (long)cost.TableBytes, 1, Math.Min(cost.P, Environment.ProcessorCount));
            Parallel.For(0, atOnce, first => MixEvery(blocks, first, atOnce, cost));
            Rfc2898DeriveBytes.Pbkdf2(password, blocks, output, 1, HashAlgorithmName.SHA256);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(blocks);
        }
    }

    /// <summary>Mixes every <paramref name="step"/>-th block, one after the other in the same memory.</summary>
    private static void MixEvery(byte[] blocks, int first, int step, ScryptCost cost)
    {
        var blockBytes = 128 * cost.R;
        var memoryBytes = (nuint)blockBytes * (nuint)(cost.N + 2); // The table, and two blocks to work with.
        var memory = NativeMemory.AlignedAlloc(memoryBytes, 64);
        try
        {
            for (var pass = first; pass < cost.P; pass += step)
            {
                MixTable(blocks.AsSpan(pass * blockBytes, blockBytes), (Vector128<uint>*)memory, cost);
            }
        }
        finally
        {
            NativeMemory.Clear(memory, memoryBytes); // What is in it leads to the key.
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>scryptROMix: fill the table in order, then read it back in an order that only the content knows.</summary>
    private static void MixTable(Span<byte> block, Vector128<uint>* table, ScryptCost cost)
    {
        var row = (nint)8 * cost.R; // Vectors.
        var words = MemoryMarshal.Cast<byte, uint>(block);
        Arrange(words, (uint*)table, toDiagonals: true);
        for (nint i = 0; i < cost.N; i++)
        {
            MixBlock(table + (i * row), null, table + ((i + 1) * row), cost.R);
        }
        var x = table + (cost.N * row);
        var mask = (uint)cost.N - 1; // N is far below 2^32, so one word of the last 64 bytes is enough to choose by.
        for (var i = 0; i < cost.N; i++)
        {
            var y = x + (i % 2 == 0 ? row : -row); // Back and forth; N is even, so the last result lies where the first did.
            MixBlock(x, table + ((x[row - PartVectors].ToScalar() & mask) * row), y, cost.R);
            x = y;
        }
        Arrange(words, (uint*)x, toDiagonals: false);
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
    /// scryptBlockMix of a block, combined with a row of the table where one is given: Salsa20/8 chained over the parts of 64 bytes, even
    /// results first, odd ones after.
    /// </summary>
    private static void MixBlock(Vector128<uint>* from, Vector128<uint>* row, Vector128<uint>* to, int r)
    {
        var last = ((2 * r) - 1) * PartVectors;
        var (a, b) = (Load(from, row, last), Load(from, row, last + 1));
        var (c, d) = (Load(from, row, last + 2), Load(from, row, last + 3));
        for (var part = 0; part < 2 * r; part++)
        {
            var at = part * PartVectors;
            a ^= Load(from, row, at);
            b ^= Load(from, row, at + 1);
            c ^= Load(from, row, at + 2);
            d ^= Load(from, row, at + 3);
            Salsa208(ref a, ref b, ref c, ref d);
            var place = to + (((part / 2) + ((part & 1) * r)) * PartVectors);
            (place[0], place[1], place[2], place[3]) = (a, b, c, d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Load(Vector128<uint>* from, Vector128<uint>* row, int at) => row == null ? from[at] : from[at] ^ row[at];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Salsa208(ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        var (w, x, y, z) = (a, b, c, d);
        for (var round = 0; round < 8; round += 2)
        {
            Quarters(ref w, ref x, ref y, ref z);
            Quarters(ref w, ref z, ref y, ref x);
        }
        (a, b, c, d) = (a + w, b + x, c + y, d + z);
    }

    /// <summary>Four quarter-rounds, and the turn from columns to rows or back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(ref Vector128<uint> w, ref Vector128<uint> x, ref Vector128<uint> y, ref Vector128<uint> z)
    {
        x ^= Rotate(w + z, 7);
        y ^= Rotate(x + w, 9);
        z ^= Rotate(y + x, 13);
        w ^= Rotate(z + y, 18);
        x = Vector128.Shuffle(x, Vector128.Create(3u, 0, 1, 2));
        y = Vector128.Shuffle(y, Vector128.Create(2u, 3, 0, 1));
        z = Vector128.Shuffle(z, Vector128.Create(1u, 2, 3, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> value, int count) => (value << count) | (value >>> (32 - count));
}
