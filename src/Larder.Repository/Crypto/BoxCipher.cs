namespace Larder.Repository.Crypto;

/// <summary>
/// AES-256-CTR and Poly1305-AES under one fixed key: the two operations of a sealed box. Not thread-safe, made to be
/// pooled. Two exist, one on libcrypto and one on the BCL alone, with equal results.
/// </summary>
internal abstract class BoxCipher : IDisposable
{
    public const int IvBytes = 16;
    public const int MacBytes = 16;

    /// <summary>Writes the ciphertext, as long as the plaintext, and its MAC. Plaintext and ciphertext may be the same memory.</summary>
    public abstract void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plain, Span<byte> cipher, Span<byte> mac);

    /// <summary>The MAC of a ciphertext.</summary>
    public abstract void ComputeMac(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipher, Span<byte> mac);

    /// <summary>Decrypts without looking at any MAC. Ciphertext and plaintext may be the same memory.</summary>
    public abstract void Decrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipher, Span<byte> plain);

    public abstract void Dispose();
}
