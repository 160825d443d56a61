namespace Larder.Repository.Writing;

/// <summary>What a writer has added so far.</summary>
public sealed record WriterStatistics
{
    public long DataBlobs { get; init; }

    public long TreeBlobs { get; init; }

    /// <summary>Bytes of new blobs, before compression.</summary>
    public long AddedPlainBytes { get; init; }

    /// <summary>Bytes of new blobs as they are stored, boxes only.</summary>
    public long AddedBoxBytes { get; init; }

    /// <summary>Bytes of packs that are durable, headers included.</summary>
    public long StoredBytes { get; init; }

    internal WriterStatistics With(BlobKind kind, int plainBytes, int boxBytes) => this with
    {
        DataBlobs = DataBlobs + (kind == BlobKind.Data ? 1 : 0),
        TreeBlobs = TreeBlobs + (kind == BlobKind.Tree ? 1 : 0),
        AddedPlainBytes = AddedPlainBytes + plainBytes,
        AddedBoxBytes = AddedBoxBytes + boxBytes,
    };
}
