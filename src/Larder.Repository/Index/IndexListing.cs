namespace Larder.Repository.Index;

/// <summary>
/// The content of one index file in two arrays: all its blobs, and where each pack's begin. Whole before any of it is used.
/// </summary>
internal sealed class IndexListing(int jsonBytes)
{
    // 56 bytes for a blob that takes at least 100 in JSON, so memory is bounded by the length of the file. Not from a pool: arrays that
    // a pool keeps would weigh five bytes for each blob of the master index (measured at four million), long after loading.
    private PackedBlob[] blobs = GC.AllocateUninitializedArray<PackedBlob>((jsonBytes / 140) + 1);
    private (PackId Id, int FirstBlob)[] packs = new (PackId, int)[64];
    private int blobCount;

    public int PackCount { get; private set; }

    public PackId PackAt(int pack) => packs[pack].Id;

    public ReadOnlySpan<PackedBlob> BlobsAt(int pack)
    {
        var first = packs[pack].FirstBlob;
        return blobs.AsSpan(first, (pack + 1 < PackCount ? packs[pack + 1].FirstBlob : blobCount) - first);
    }

    /// <summary>Begins a pack; its id may be told later, as JSON has no order.</summary>
    public void BeginPack(PackId id)
    {
        if (PackCount == packs.Length)
        {
            Grow(ref packs);
        }
        packs[PackCount++] = (id, blobCount);
    }

    public void NamePack(PackId id) => packs[PackCount - 1].Id = id;

    /// <summary>Drops the blobs of the pack begun last: a second list of blobs in one object replaces the first.</summary>
    public void ClearPack() => blobCount = packs[PackCount - 1].FirstBlob;

    public void Add(in PackedBlob blob)
    {
        if (blobCount == blobs.Length)
        {
            Grow(ref blobs);
        }
        blobs[blobCount++] = blob;
    }

    public void Clear() => blobCount = PackCount = 0;

    private static void Grow<T>(ref T[] array) => Array.Resize(ref array, array.Length * 2);
}
