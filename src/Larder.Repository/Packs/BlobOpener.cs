using Larder.Repository.Crypto;
using Larder.Repository.Index;
using Larder.Repository.Native;

namespace Larder.Repository.Packs;

/// <summary>Opens sealed boxes and believes none before its hash is right. One per worker; not for concurrent use.</summary>
internal sealed class BlobOpener : IDisposable
{
    /// <summary>Longer pieces of content are refused as damage rather than allocated; chunkers make at most 8 MiB.</summary>
    public const int DataBytesMax = 128 << 20;

    /// <summary>A listing with the content of huge files is long: 67 bytes a chunk.</summary>
    public const int TreeBytesMax = 1 << 30;

    private readonly ZstdDecoder decoder = new();
    private byte[] opened = [];

    /// <summary>Whether the lengths are such that memory may be taken for them: an index may say anything up to 4 GiB.</summary>
    public static bool IsPlausible(BlobKind kind, uint boxBytes, uint plainBytes)
    {
        var bytesMax = (uint)(kind == BlobKind.Tree ? TreeBytesMax : DataBytesMax);
        // What does not shrink is stored plain, so a box is hardly longer than its content; other writers may be less clever.
        return plainBytes <= bytesMax && boxBytes <= bytesMax + (bytesMax / 128) + RepositoryKey.OverheadBytes;
    }

    /// <summary>Opens a box into <paramref name="plain"/>, which is as long as the blob.</summary>
    /// <returns>False where MAC, compression or hash is not right.</returns>
    public bool TryOpen(RepositoryKey key, BlobId id, in BlobLocation location, ReadOnlySpan<byte> box, Span<byte> plain)
    {
        if (box.Length < RepositoryKey.OverheadBytes)
        {
            return false;
        }
        if (!location.IsCompressed)
        {
            return box.Length - RepositoryKey.OverheadBytes == plain.Length
                && key.TryOpen(box, plain)
                && Hash256.Of(plain) == id.Hash;
        }

        var storedBytes = box.Length - RepositoryKey.OverheadBytes;
        if (opened.Length < storedBytes)
        {
            opened = GC.AllocateUninitializedArray<byte>(Math.Max(storedBytes, 64 << 10));
        }
        var stored = opened.AsSpan(0, storedBytes);
        return key.TryOpen(box, stored)
            && decoder.TryDecode(stored, plain)
            && Hash256.Of(plain) == id.Hash;
    }

    public void Dispose() => decoder.Dispose();
}
