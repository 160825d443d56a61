using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Larder.Repository.Crypto;

/// <summary>RFC 7914 in managed code, for systems without libcrypto 3. Words are little-endian, as the machine's.</summary>
internal static class PortableScrypt
{
    private const int SalsaWords = 16;

    public static void Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ScryptCost cost, Span<byte> output)
    {
        Scrypt.Require(cost);
        var blockWords = 32 * cost.R;
        var blocks = new byte[sizeof(uint) * blockWords * cost.P];
        var table = new uint[cost.N][]; // Rows rather than one array: the table may exceed 2^31 bytes some day, a row never does.
        for (var row = 0; row < cost.N; row++)
        {
            table[row] = new uint[blockWords];
        }

        Rfc2898DeriveBytes.Pbkdf2(password, salt, blocks, 1, HashAlgorithmName.SHA256);
        var words = MemoryMarshal.Cast<byte, uint>(blocks.AsSpan());
        var scratch = new uint[blockWords];
        for (var pass = 0; pass < cost.P; pass++)
        {
            MixTable(words.Slice(pass * blockWords, blockWords), table, scratch);
        }
        Rfc2898DeriveBytes.Pbkdf2(password, blocks, output, 1, HashAlgorithmName.SHA256);

        CryptographicOperations.ZeroMemory(blocks);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(scratch.AsSpan()));
        foreach (var row in table)
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }

    /// <summary>scryptROMix: fill the table in order, then read it back in an order that only the content knows.</summary>
    private static void MixTable(Span<uint> block, uint[][] table, Span<uint> scratch)
    {
        foreach (var row in table)
        {
            block.CopyTo(row);
            MixBlock(block, scratch);
        }
        var mask = (uint)table.Length - 1;
        var integerify = block.Length - SalsaWords; // The first word of the last 64 bytes; N is far below 2^32.
        for (var i = 0; i < table.Length; i++)
        {
            Xor(block, table[block[integerify] & mask]);
            MixBlock(block, scratch);
        }
    }

    /// <summary>scryptBlockMix: Salsa20/8 chained over the 64-byte parts, even results first, odd ones after.</summary>
    private static void MixBlock(Span<uint> block, Span<uint> scratch)
    {
        Span<uint> x = stackalloc uint[SalsaWords];
        block[^SalsaWords..].CopyTo(x);
        var parts = block.Length / SalsaWords;
        for (var part = 0; part < parts; part++)
        {
            Xor(x, block.Slice(part * SalsaWords, SalsaWords));
            Salsa208(x);
            var target = (part / 2) + (part % 2 == 0 ? 0 : parts / 2);
            x.CopyTo(scratch.Slice(target * SalsaWords, SalsaWords));
        }
        scratch.CopyTo(block);
    }

    private static void Salsa208(Span<uint> state)
    {
        Span<uint> x = stackalloc uint[SalsaWords];
        state.CopyTo(x);
        for (var round = 0; round < 8; round += 2)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 5, 9, 13, 1);
            Quarter(x, 10, 14, 2, 6);
            Quarter(x, 15, 3, 7, 11);
            Quarter(x, 0, 1, 2, 3);
            Quarter(x, 5, 6, 7, 4);
            Quarter(x, 10, 11, 8, 9);
            Quarter(x, 15, 12, 13, 14);
        }
        for (var i = 0; i < SalsaWords; i++)
        {
            state[i] += x[i];
        }
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[b] ^= BitOperations.RotateLeft(x[a] + x[d], 7);
        x[c] ^= BitOperations.RotateLeft(x[b] + x[a], 9);
        x[d] ^= BitOperations.RotateLeft(x[c] + x[b], 13);
        x[a] ^= BitOperations.RotateLeft(x[d] + x[c], 18);
    }

    private static void Xor(Span<uint> target, ReadOnlySpan<uint> source)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] ^= source[i];
        }
    }
}
