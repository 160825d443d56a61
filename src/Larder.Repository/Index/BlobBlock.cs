using System.Runtime.InteropServices;

namespace Larder.Repository.Index;

/// <summary>What the master index keeps of one copy of a blob: 44 bytes.</summary>
/// <param name="PlainBytes">0 when the box is not compressed; the format cannot compress an empty blob either.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct BlobEntry(Hash256 Id, uint OffsetBytes, uint BoxBytes, uint PlainBytes);

/// <summary>A full block is never moved or copied, so readers may walk it while the writer appends.</summary>
internal sealed class BlobBlock
{
    public const int CapacityLog2 = 12;
    public const int Capacity = 1 << CapacityLog2;

    /// <summary>44 bytes and one bit for each blob, and the headers of the three objects.</summary>
    public const long MemoryBytes = (Capacity * 44L) + (Capacity / 8) + 88;

    private readonly BlobEntry[] entries = new BlobEntry[Capacity];

    // One bit a blob: set for a tree. A byte or an enum field would cost a byte, and the 44 bytes leave no spare bit.
    private readonly ulong[] isTree = new ulong[Capacity / 64];

    /// <summary>The listing that the block's first blob came in: where the search for a blob's pack begins.</summary>
    public int FirstRun { get; set; }

    public ref readonly BlobEntry this[int index] => ref entries[index];

    public BlobKind KindOf(int index) => (BlobKind)((isTree[index >> 6] >> (index & 63)) & 1);

    public void Set(int index, in BlobEntry entry, BlobKind kind)
    {
        entries[index] = entry;
        isTree[index >> 6] |= (ulong)kind << (index & 63);
    }
}
