using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Larder.Repository.Crypto;
using Larder.Repository.Index;

namespace Larder.Repository.Packs;

/// <summary>
/// A pack that is being filled: sealed boxes one after another in one buffer, and the list of what they are. Not for concurrent use.
/// </summary>
internal sealed class PackBuilder
{
    /// <summary>Where a pack is closed. restic's default too: large enough for object stores, small enough to repack.</summary>
    public const int TargetBytes = 16 << 20;

    // 64 Ki entries of 41 bytes are 2.6 MiB of header, well below the 16 MiB that readers accept.
    private const int BlobsMax = 1 << 16;

    private readonly byte[] buffer;
    private readonly List<PackedBlob> blobs = [];
    private int usedBytes;

    /// <param name="buffer">Lent until the sealed pack has been uploaded.</param>
    public PackBuilder(byte[] buffer) => this.buffer = buffer;

    public byte[] Buffer => buffer;

    public int BlobCount => blobs.Count;

    /// <summary>What it holds: a pack of version 2 holds data or trees, never both.</summary>
    public BlobKind Kind => blobs[0].Kind;

    public int UsedBytes => usedBytes;

    public bool HasRoomFor(int boxBytes) => HasRoom(blobs.Count, usedBytes, buffer.Length, boxBytes);

    /// <summary>The rule of <see cref="HasRoomFor"/>, for plans that fill no real pack.</summary>
    public static bool HasRoom(int blobCount, long usedBytes, long bufferBytes, long boxBytes) =>
        blobCount < BlobsMax && boxBytes <= bufferBytes - usedBytes;

    /// <summary>Room for a box of exactly this length, to be written and then kept with <see cref="Commit"/>.</summary>
    public Span<byte> Reserve(int boxBytes) => buffer.AsSpan(usedBytes, boxBytes);

    /// <summary>Keeps the box that was written into the room last reserved.</summary>
    public void Commit(BlobKind kind, BlobId id, int boxBytes, int plainBytes, bool isCompressed)
    {
        blobs.Add(new PackedBlob(kind, id, (uint)usedBytes, (uint)boxBytes, (uint)plainBytes, isCompressed));
        usedBytes += boxBytes;
    }

    /// <summary>Takes over all boxes of another pack, so that a small backup leaves one pack and not one per worker.</summary>
    /// <returns>False, with nothing changed, where they do not fit.</returns>
    public bool TryAbsorb(PackBuilder other)
    {
        if (other.usedBytes > buffer.Length - usedBytes || blobs.Count + other.blobs.Count > BlobsMax)
        {
            return false;
        }
        other.buffer.AsSpan(0, other.usedBytes).CopyTo(buffer.AsSpan(usedBytes));
        foreach (var blob in other.blobs)
        {
            blobs.Add(blob with { OffsetBytes = blob.OffsetBytes + (uint)usedBytes });
        }
        usedBytes += other.usedBytes;
        return true;
    }

    /// <summary>Adds the sealed header and names the pack. The builder is spent; its buffer belongs to the pack.</summary>
    public SealedPack Seal(RepositoryKey key)
    {
        var header = PackHeader.Encode(blobs);
        var tail = new byte[header.Length + RepositoryKey.OverheadBytes + PackHeader.TrailerBytes];
        var box = tail.AsSpan(0, header.Length + RepositoryKey.OverheadBytes);
        key.Seal(header, box);
        BinaryPrimitives.WriteUInt32LittleEndian(tail.AsSpan(box.Length), (uint)box.Length);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(buffer, 0, usedBytes);
        hash.AppendData(tail);
        return new SealedPack
        {
            Id = new PackId(new Hash256(hash.GetHashAndReset())),
            Blobs = blobs,
            Content = ByteSegments.Join(buffer.AsMemory(0, usedBytes), tail),
            Buffer = buffer,
        };
    }
}

/// <summary>A finished pack, ready to be stored.</summary>
internal sealed record SealedPack
{
    public required PackId Id { get; init; }

    public required IReadOnlyList<PackedBlob> Blobs { get; init; }

    public required ReadOnlySequence<byte> Content { get; init; }

    /// <summary>What <see cref="Content"/> lies in; goes back to its pool when the pack is stored.</summary>
    public required byte[] Buffer { get; init; }
}
