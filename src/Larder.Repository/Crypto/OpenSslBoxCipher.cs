using System.Security.Cryptography;
using Larder.Repository.Native;

namespace Larder.Repository.Crypto;

/// <summary>A box cipher on libcrypto: three contexts that are keyed once and only given a new IV for each box.</summary>
internal sealed unsafe class OpenSslBoxCipher : BoxCipher
{
    // Encrypted and authenticated piece by piece, so that the MAC reads what is still in the first cache levels.
    // Measured on Zen 5 with 1 MiB boxes: 4 KiB costs 5 %, and from 16 KiB to the whole there is no difference; the smallest of
    // those asks least of smaller caches. A multiple of 16, as Poly1305 and the counter want it.
    private const int PieceBytes = 16 * 1024;

    private readonly CipherContextHandle counter = LibCrypto.CreateCipherContext();
    private readonly CipherContextHandle nonce = LibCrypto.CreateCipherContext();
    private readonly MacContextHandle poly1305 = LibCrypto.CreateMacContext(LibCrypto.Poly1305);
    private readonly byte[] r = GC.AllocateUninitializedArray<byte>(Poly1305.RBytes, pinned: true);

    public OpenSslBoxCipher(KeyMaterial key)
    {
        key.MacR.CopyTo(r);
        fixed (byte* encrypt = key.Encrypt)
        fixed (byte* mac = key.MacK)
        {
            Require(LibCrypto.EncryptInit(counter, LibCrypto.Aes256Ctr, 0, encrypt, null));
            Require(LibCrypto.EncryptInit(nonce, LibCrypto.Aes128Ecb, 0, mac, null));
            Require(LibCrypto.SetPadding(nonce, 0));
        }
    }

    public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plain, Span<byte> cipher, Span<byte> mac)
    {
        BeginMac(iv);
        fixed (byte* counterBlock = iv)
        fixed (byte* from = plain)
        fixed (byte* to = cipher)
        {
            Require(LibCrypto.EncryptInit(counter, 0, 0, null, counterBlock));
            for (var at = 0; at < plain.Length; at += PieceBytes)
            {
                var bytes = Math.Min(PieceBytes, plain.Length - at);
                Require(LibCrypto.EncryptUpdate(counter, to + at, out _, from + at, bytes));
                Require(LibCrypto.MacUpdate(poly1305, to + at, (nuint)bytes));
            }
        }
        EndMac(mac);
    }

    public override void ComputeMac(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipher, Span<byte> mac)
    {
        BeginMac(iv);
        fixed (byte* from = cipher)
        {
            if (cipher.Length > 0)
            {
                Require(LibCrypto.MacUpdate(poly1305, from, (nuint)cipher.Length));
            }
        }
        EndMac(mac);
    }

    public override void Decrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipher, Span<byte> plain)
    {
        fixed (byte* counterBlock = iv)
        fixed (byte* from = cipher)
        fixed (byte* to = plain)
        {
            Require(LibCrypto.EncryptInit(counter, 0, 0, null, counterBlock));
            if (cipher.Length > 0)
            {
                Require(LibCrypto.EncryptUpdate(counter, to, out _, from, cipher.Length));
            }
        }
    }

    private void BeginMac(ReadOnlySpan<byte> iv)
    {
        var oneTimeKey = stackalloc byte[Poly1305.KeyBytes];
        r.CopyTo(new Span<byte>(oneTimeKey, Poly1305.RBytes));
        fixed (byte* block = iv)
        {
            Require(LibCrypto.EncryptUpdate(nonce, oneTimeKey + Poly1305.RBytes, out _, block, IvBytes));
        }
        Require(LibCrypto.MacInit(poly1305, oneTimeKey, Poly1305.KeyBytes, 0));
        CryptographicOperations.ZeroMemory(new Span<byte>(oneTimeKey, Poly1305.KeyBytes));
    }

    private void EndMac(Span<byte> mac)
    {
        fixed (byte* to = mac)
        {
            Require(LibCrypto.MacFinal(poly1305, to, out _, MacBytes));
        }
    }

    private static void Require(int result)
    {
        if (result != 1)
        {
            throw new CryptographicException("libcrypto refused an operation of AES-256-CTR or Poly1305.");
        }
    }

    public override void Dispose()
    {
        counter.Dispose();
        nonce.Dispose();
        poly1305.Dispose();
        CryptographicOperations.ZeroMemory(r);
    }
}
