namespace Larder.Repository.Index;

/// <summary>Where one copy of a blob lies.</summary>
/// <param name="Pack">The pack that holds it.</param>
/// <param name="OffsetBytes">Where its sealed box begins in the pack.</param>
/// <param name="BoxBytes">The length of the sealed box, the 32 bytes of overhead included.</param>
/// <param name="PlainBytes">The length of the plaintext, uncompressed.</param>
/// <param name="IsCompressed">Whether the box holds a zstd frame.</param>
public readonly record struct BlobLocation(PackId Pack, uint OffsetBytes, uint BoxBytes, uint PlainBytes, bool IsCompressed);

/// <summary>One blob as a pack's header, or an index file, lists it.</summary>
public readonly record struct PackedBlob(BlobKind Kind, BlobId Id, uint OffsetBytes, uint BoxBytes, uint PlainBytes, bool IsCompressed);
