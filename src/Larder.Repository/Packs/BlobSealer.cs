using Larder.Repository.Crypto;
using Larder.Repository.Native;

namespace Larder.Repository.Packs;

/// <summary>
/// Turns a blob's plaintext into sealed boxes, and proves each box by opening it again before it is trusted: a bit that flips in
/// memory, or a codec that errs, is found while the plaintext is still at hand. One per worker; not for concurrent use.
/// </summary>
internal sealed class BlobSealer : IDisposable
{
    private const int SmallRoomBytes = 512 << 10; // Every chunk of a dump, and what zstd may add to one that does not shrink.
    private const int LargeRoomBytes = (8 << 20) + (64 << 10); // Every chunk.

    private readonly ZstdEncoder? encoder;
    private readonly ZstdDecoder decoder = new();
    private byte[] compressed = [];
    private byte[] opened = [];
    private byte[] decoded = [];
    private int compressedBytes;

    /// <param name="compressionLevel">A zstd level; 0 stores plain.</param>
    public BlobSealer(int compressionLevel) => encoder = compressionLevel == 0 ? null : new ZstdEncoder(compressionLevel);

    /// <summary>Compresses a blob; call once per blob, then <see cref="Seal"/> for each repository that needs it.</summary>
    /// <param name="plain">The plaintext, which must stay as it is until the last <see cref="Seal"/>.</param>
    /// <param name="mayCompress">False for repositories of version 1, which know no compression.</param>
    /// <returns>The length of the box to come, in bytes.</returns>
    public int Prepare(ReadOnlySpan<byte> plain, bool mayCompress)
    {
        compressedBytes = 0;
        if (encoder is not null && mayCompress && !plain.IsEmpty)
        {
            EnsureRoom(ref compressed, ZstdEncoder.BytesMax(plain.Length));
            var bytes = encoder.Encode(plain, compressed);
            compressedBytes = bytes < plain.Length ? bytes : 0; // What does not shrink is stored plain.
        }
        return (IsCompressed ? compressedBytes : plain.Length) + RepositoryKey.OverheadBytes;
    }

    /// <summary>Whether the blob last prepared is stored compressed.</summary>
    public bool IsCompressed => compressedBytes > 0;

    /// <summary>Seals the blob last prepared into <paramref name="box"/>, opens the box and compares.</summary>
    public void Seal(RepositoryKey key, ReadOnlySpan<byte> plain, Span<byte> box)
    {
        var stored = IsCompressed ? compressed.AsSpan(0, compressedBytes) : plain;
        key.Seal(stored, box);
        if (!Proves(key, plain, box))
        {
            throw new RepositoryException(
                RepositoryError.Damaged,
                "a blob could not be read back from memory right after it was sealed; memory or processor of this machine may be faulty");
        }
    }

    public void Dispose()
    {
        encoder?.Dispose();
        decoder.Dispose();
    }

    private bool Proves(RepositoryKey key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> box)
    {
        var storedBytes = box.Length - RepositoryKey.OverheadBytes;
        EnsureRoom(ref opened, storedBytes);
        var stored = opened.AsSpan(0, storedBytes);
        if (!key.TryOpen(box, stored))
        {
            return false;
        }
        if (!IsCompressed)
        {
            return plain.SequenceEqual(stored);
        }

        EnsureRoom(ref decoded, plain.Length);
        var whole = decoded.AsSpan(0, plain.Length);
        return decoder.TryDecode(stored, whole) && plain.SequenceEqual(whole);
    }

    // Two sizes only: a buffer that grew a little with every larger blob would leave a trail of dead ones, 50 MB of them before the
    // collector comes by. What a buffer does not use is never touched, and so takes no memory.
    private static void EnsureRoom(ref byte[] buffer, int bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>(bytes <= SmallRoomBytes ? SmallRoomBytes : Math.Max(bytes, LargeRoomBytes));
        }
    }
}
