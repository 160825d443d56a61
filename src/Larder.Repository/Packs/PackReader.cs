using System.Buffers.Binary;
using Larder.Repository.Crypto;
using Larder.Repository.Index;
using Larder.Repository.Storage;

namespace Larder.Repository.Packs;

/// <summary>Reads what a pack says about itself.</summary>
internal static class PackReader
{
    // The tail that is fetched first: most headers of data packs fit, and one round trip is saved.
    private const int FirstReadBytes = 32 << 10;

    /// <summary>Reads and checks a pack's header.</summary>
    /// <param name="lengthBytes">The stored length of the pack.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryError.Damaged"/> where header and file do not agree.</exception>
    public static async Task<IReadOnlyList<PackedBlob>> ReadHeaderAsync(
        IStorage storage, RepositoryKey key, PackId id, long lengthBytes, CancellationToken cancellationToken)
    {
        try
        {
            return await TryReadHeaderAsync(storage, key, id, lengthBytes, cancellationToken);
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.Damaged)
        {
            // Once more, as for every file: a bit that flipped on the way must not cost a pack its place in the index.
            return await TryReadHeaderAsync(storage, key, id, lengthBytes, cancellationToken);
        }
    }

    private static async Task<IReadOnlyList<PackedBlob>> TryReadHeaderAsync(
        IStorage storage, RepositoryKey key, PackId id, long lengthBytes, CancellationToken cancellationToken)
    {
        var tail = await ReadTailAsync(storage, id, lengthBytes, FirstReadBytes, cancellationToken);
        var sealedBytes = SealedBytes(storage, id, tail, lengthBytes);
        if (sealedBytes + PackHeader.TrailerBytes > tail.Length)
        {
            tail = await ReadTailAsync(storage, id, lengthBytes, sealedBytes + PackHeader.TrailerBytes, cancellationToken);
        }
        return Open(storage, key, id, tail, lengthBytes);
    }

    private static IReadOnlyList<PackedBlob> Open(IStorage storage, RepositoryKey key, PackId id, ReadOnlySpan<byte> tail, long lengthBytes)
    {
        var sealedBytes = SealedBytes(storage, id, tail, lengthBytes);
        if (sealedBytes + PackHeader.TrailerBytes > tail.Length)
        {
            throw Damaged(storage, id, "its header is cut off"); // Read a second time, the trailer said something else.
        }
        var box = tail.Slice(tail.Length - PackHeader.TrailerBytes - sealedBytes, sealedBytes);
        var header = new byte[sealedBytes - RepositoryKey.OverheadBytes];
        var blobs = key.TryOpen(box, header) ? PackHeader.TryDecode(header) : null;
        if (blobs is null)
        {
            throw Damaged(storage, id, "its header does not open");
        }
        return PackHeader.FileBytes(blobs) == lengthBytes
            ? blobs
            : throw Damaged(storage, id, $"it is {lengthBytes} bytes long, but its header accounts for {PackHeader.FileBytes(blobs)}");
    }

    public static RepositoryException Damaged(IStorage storage, PackId id, string reason)
    {
        var key = StorageKey.Of(id);
        return new RepositoryException(RepositoryError.Damaged, $"{key} in {storage.Location} is damaged: {reason}")
        {
            File = key,
            Location = storage.Location,
        };
    }

    private static async Task<byte[]> ReadTailAsync(
        IStorage storage, PackId id, long lengthBytes, int wantedBytes, CancellationToken cancellationToken)
    {
        var tail = new byte[Math.Min(wantedBytes, lengthBytes)];
        var read = await storage.ReadAsync(StorageKey.Of(id), lengthBytes - tail.Length, tail, cancellationToken);
        return read == tail.Length ? tail : throw Damaged(storage, id, "it is shorter than its listing says");
    }

    private static int SealedBytes(IStorage storage, PackId id, ReadOnlySpan<byte> tail, long lengthBytes)
    {
        if (tail.Length < PackHeader.TrailerBytes)
        {
            throw Damaged(storage, id, $"it is only {lengthBytes} bytes long");
        }
        var bytes = BinaryPrimitives.ReadUInt32LittleEndian(tail[^PackHeader.TrailerBytes..]);
        return bytes >= RepositoryKey.OverheadBytes && bytes <= PackHeader.SealedBytesMax && bytes + PackHeader.TrailerBytes <= lengthBytes
            ? (int)bytes
            : throw Damaged(storage, id, "its last four bytes are not the length of a header");
    }
}
