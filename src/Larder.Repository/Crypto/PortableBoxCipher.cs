using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Larder.Repository.Crypto;

/// <summary>A box cipher on the BCL's AES and our own Poly1305, for systems without libcrypto 3. About a quarter as fast.</summary>
internal sealed class PortableBoxCipher : BoxCipher
{
    private const int PieceBytes = 4096;

    private readonly Aes encryptAes = Aes.Create();
    private readonly Aes macAes = Aes.Create();
    private readonly ICryptoTransform encrypt;
    private readonly ICryptoTransform nonce;
    private readonly byte[] r = GC.AllocateUninitializedArray<byte>(Poly1305.RBytes, pinned: true);
    private readonly byte[] counters = new byte[PieceBytes];
    private readonly byte[] keyStream = new byte[PieceBytes];

    public PortableBoxCipher(KeyMaterial key)
    {
        encrypt = Schedule(encryptAes, key.Encrypt);
        nonce = Schedule(macAes, key.MacK);
        key.MacR.CopyTo(r);
    }

    private static ICryptoTransform Schedule(Aes aes, ReadOnlySpan<byte> key)
    {
        aes.Mode = CipherMode.ECB; // The counter mode is built from single blocks below.
        aes.Padding = PaddingMode.None;
        aes.SetKey(key);
        return aes.CreateEncryptor();
    }

    public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plain, Span<byte> cipher, Span<byte> mac)
    {
        Decrypt(iv, plain, cipher);
        ComputeMac(iv, cipher, mac);
    }

    public override void ComputeMac(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipher, Span<byte> mac)
    {
        Span<byte> oneTimeKey = stackalloc byte[Poly1305.KeyBytes];
        iv.CopyTo(counters);
        nonce.TransformBlock(counters, 0, IvBytes, keyStream, 0);
        r.CopyTo(oneTimeKey);
        keyStream.AsSpan(0, IvBytes).CopyTo(oneTimeKey[Poly1305.RBytes..]);
        Poly1305.Compute(oneTimeKey, cipher, mac);
        CryptographicOperations.ZeroMemory(oneTimeKey);
    }

    public override void Decrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipher, Span<byte> plain)
    {
        var counter = BinaryPrimitives.ReadUInt128BigEndian(iv);
        for (var at = 0; at < cipher.Length; at += PieceBytes)
        {
            var bytes = Math.Min(PieceBytes, cipher.Length - at);
            var blockBytes = (bytes + IvBytes - 1) & -IvBytes;
            for (var block = 0; block < blockBytes; block += IvBytes)
            {
                BinaryPrimitives.WriteUInt128BigEndian(counters.AsSpan(block), counter++);
            }
            encrypt.TransformBlock(counters, 0, blockBytes, keyStream, 0);
            Xor(cipher.Slice(at, bytes), keyStream, plain.Slice(at, bytes));
        }
    }

    private static void Xor(ReadOnlySpan<byte> data, ReadOnlySpan<byte> mask, Span<byte> result)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        var masks = MemoryMarshal.Cast<byte, ulong>(mask);
        var results = MemoryMarshal.Cast<byte, ulong>(result);
        for (var i = 0; i < words.Length; i++)
        {
            results[i] = words[i] ^ masks[i];
        }
        for (var i = words.Length * sizeof(ulong); i < data.Length; i++)
        {
            result[i] = (byte)(data[i] ^ mask[i]);
        }
    }

    public override void Dispose()
    {
        encrypt.Dispose();
        nonce.Dispose();
        encryptAes.Dispose();
        macAes.Dispose();
        CryptographicOperations.ZeroMemory(r);
        CryptographicOperations.ZeroMemory(keyStream);
    }
}
