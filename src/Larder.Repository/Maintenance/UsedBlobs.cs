using System.Collections;
using Larder.Repository.Index;

namespace Larder.Repository.Maintenance;

/// <summary>Which blobs of an index are used: one bit a blob.</summary>
internal sealed class UsedBlobs(MasterIndex index)
{
    private readonly BitArray marks = new(checked((int)index.BlobCount));

    /// <returns>False where the index does not know the blob.</returns>
    public bool Mark(BlobKind kind, BlobId id)
    {
        var ordinal = index.FindOrdinal(kind, id);
        if (ordinal < 0)
        {
            return false;
        }
        marks[(int)ordinal] = true;
        return true;
    }

    public bool IsMarked(BlobKind kind, BlobId id)
    {
        var ordinal = index.FindOrdinal(kind, id);
        return ordinal >= 0 && marks[(int)ordinal];
    }
}
