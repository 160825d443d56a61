using System.Buffers.Binary;
using Larder.Repository.Crypto;
using Larder.Repository.Index;

namespace Larder.Repository.Packs;

/// <summary>
/// The table at the end of a pack: one entry a blob, in pack order and without gaps, then sealed, then its sealed length as u32.
/// Layout: restic's design document, section "Pack Format".
/// </summary>
internal static class PackHeader
{
    /// <summary>The u32 after the sealed header.</summary>
    public const int TrailerBytes = 4;

    /// <summary>What restic is willing to read.</summary>
    public const int SealedBytesMax = 16 << 20;

    private const int PlainEntryBytes = 1 + 4 + Hash256.Bytes;
    private const int CompressedEntryBytes = PlainEntryBytes + 4;

    public static int EntryBytes(bool isCompressed) => isCompressed ? CompressedEntryBytes : PlainEntryBytes;

    /// <summary>How long the pack file is that holds these blobs: boxes, sealed header and trailer.</summary>
    public static long FileBytes(IEnumerable<PackedBlob> blobs)
    {
        long bytes = RepositoryKey.OverheadBytes + TrailerBytes;
        foreach (var blob in blobs)
        {
            bytes += blob.BoxBytes + EntryBytes(blob.IsCompressed);
        }
        return bytes;
    }

    /// <returns>The plaintext of the header.</returns>
    public static byte[] Encode(IReadOnlyList<PackedBlob> blobs)
    {
        var header = new byte[blobs.Sum(blob => EntryBytes(blob.IsCompressed))];
        var rest = header.AsSpan();
        foreach (var blob in blobs)
        {
            rest[0] = (byte)((int)blob.Kind | (blob.IsCompressed ? 2 : 0));
            BinaryPrimitives.WriteUInt32LittleEndian(rest[1..], blob.BoxBytes);
            if (blob.IsCompressed)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(rest[5..], blob.PlainBytes);
            }
            var entryBytes = EntryBytes(blob.IsCompressed);
            blob.Id.Hash.Write(rest[(entryBytes - Hash256.Bytes)..]);
            rest = rest[entryBytes..];
        }
        return header;
    }

    /// <summary>Reads a header's plaintext. The offsets follow from the lengths.</summary>
    /// <returns>The blobs in pack order; null where the bytes are no header.</returns>
    public static IReadOnlyList<PackedBlob>? TryDecode(ReadOnlySpan<byte> header)
    {
        var blobs = new List<PackedBlob>(header.Length / PlainEntryBytes);
        ulong offsetBytes = 0;
        while (!header.IsEmpty)
        {
            var type = header[0];
            var isCompressed = (type & 2) != 0;
            var entryBytes = EntryBytes(isCompressed);
            if (type > 3 || header.Length < entryBytes)
            {
                return null;
            }

            var boxBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[1..]);
            var plainBytes = isCompressed
                ? BinaryPrimitives.ReadUInt32LittleEndian(header[5..])
                : boxBytes - RepositoryKey.OverheadBytes;
            if (boxBytes < RepositoryKey.OverheadBytes || (isCompressed && plainBytes == 0))
            {
                return null; // A length of 0 says "not compressed" in an index; nobody could read such an entry back.
            }
            var id = new BlobId(new Hash256(header[(entryBytes - Hash256.Bytes)..entryBytes]));
            blobs.Add(new PackedBlob((BlobKind)(type & 1), id, (uint)offsetBytes, boxBytes, plainBytes, isCompressed));

            offsetBytes += boxBytes;
            if (offsetBytes > uint.MaxValue)
            {
                return null;
            }
            header = header[entryBytes..];
        }
        return blobs.Count == 0 ? null : blobs;
    }
}
