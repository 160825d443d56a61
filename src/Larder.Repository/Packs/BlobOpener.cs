using Larder.Repository.Crypto;
using Larder.Repository.Index;
using Larder.Repository.Native;

namespace Larder.Repository.Packs;

/// <summary>Opens sealed boxes and believes none before its hash is right. One per worker; not for concurrent use.</summary>
internal sealed class BlobOpener : IDisposable
{
    private readonly ZstdDecoder decoder = new();
    private byte[] opened = [];

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
