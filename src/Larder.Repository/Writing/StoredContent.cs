namespace Larder.Repository.Writing;

/// <summary>A stream that was stored: its blobs in order, and how long it is.</summary>
public sealed record StoredContent(IReadOnlyList<BlobId> Blobs, long Bytes);
