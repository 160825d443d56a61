namespace Larder.Repository.Index;

/// <summary>A pack and all the blobs that an index file lists for it. The order of the blobs is free.</summary>
public sealed record IndexedPack(PackId Id, IReadOnlyList<PackedBlob> Blobs);

/// <summary>
/// A pack in the master index, as a run of blob ordinals: those from <paramref name="FirstOrdinal"/>, <paramref name="BlobCount"/> of them.
/// </summary>
public readonly record struct PackRange(PackId Id, long FirstOrdinal, int BlobCount);
