using System.Security.Cryptography;

namespace Larder.Repository.Crypto;

/// <summary>The 64 secret bytes of a key, in memory that the garbage collector never copies. Zeroed when disposed.</summary>
internal sealed class KeyMaterial : IDisposable
{
    public const int Bytes = 64;
    public const int EncryptBytes = 32;
    public const int MacKBytes = 16;
    public const int MacRBytes = 16;

    private readonly byte[] bytes = GC.AllocateArray<byte>(Bytes, pinned: true);

    /// <summary>AES-256 key, then the MAC's AES-128 key, then its R: the order in which scrypt's output is used.</summary>
    public Span<byte> All => bytes;

    public Span<byte> Encrypt => bytes.AsSpan(0, EncryptBytes);

    public Span<byte> MacK => bytes.AsSpan(EncryptBytes, MacKBytes);

    public Span<byte> MacR => bytes.AsSpan(EncryptBytes + MacKBytes, MacRBytes);

    /// <summary>A part that is all zero was never generated; restic refuses such keys and so do we.</summary>
    public bool IsUsable =>
        Encrypt.ContainsAnyExcept((byte)0) && MacK.ContainsAnyExcept((byte)0) && MacR.ContainsAnyExcept((byte)0);

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);
}
