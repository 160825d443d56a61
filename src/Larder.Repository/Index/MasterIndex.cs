using System.Runtime.InteropServices;

namespace Larder.Repository.Index;

/// <summary>
/// Every blob of a repository, in memory: the union of its index files. Blobs are numbered in the order in which they came; several
/// copies of a
/// blob, in different packs, each have a number. Searching takes no lock and may run on any number of threads while another thread adds;
/// adding takes a lock. Memory at 4 million blobs: 44 bytes and a bit for each, 4.8 to 6 bytes of table, and 42 bytes for each pack.
/// </summary>
public sealed class MasterIndex
{
    private readonly Lock adding = new();
    private readonly PackRuns runs = new();
    private readonly List<IndexedPack> conflicts = [];
    private readonly HashSet<int> conflictingRuns = [];
    private BlobBlock[] blocks = [];
    private OrdinalTable table = new(256);
    private long count;

    /// <summary>All blobs, every copy counted. Ordinals go from 0 to one less.</summary>
    public long BlobCount => Volatile.Read(ref count);

    /// <summary>Packs that index files list, each counted once.</summary>
    public int PackCount
    {
        get
        {
            lock (adding)
            {
                return runs.Count - conflictingRuns.Count;
            }
        }
    }

    /// <summary>
    /// What the index holds on the managed heap, in bytes; conflicts, of which a sound repository has none, are left out.
    /// </summary>
    public long MemoryBytes
    {
        get
        {
            lock (adding)
            {
                return (BlockCount(count) * BlobBlock.MemoryBytes) + (8L * blocks.Length) + table.MemoryBytes + runs.MemoryBytes + 256;
            }
        }
    }

    /// <summary>
    /// Listings of a pack that is already listed with other content. Their blobs can be found too, as reading proves each blob by its hash;
    /// what removes packs must have the index rebuilt first.
    /// </summary>
    public IReadOnlyList<IndexedPack> Conflicts
    {
        get
        {
            lock (adding)
            {
                return [.. conflicts];
            }
        }
    }

    /// <summary>
    /// All packs with their blobs, in the order in which they came; of contradicting listings, the first. Copies each list.
    /// </summary>
    public IEnumerable<IndexedPack> Packs => PackRanges.Select(range => new IndexedPack(range.Id, BlobsOf(range)));

    /// <summary>
    /// All packs as runs of ordinals, for <see cref="BlobAt"/>: walking a repository of millions of blobs allocates nothing per blob. A
    /// consistent
    /// view of the moment when the walk began; of contradicting listings, the first.
    /// </summary>
    public IEnumerable<PackRange> PackRanges
    {
        get
        {
            int listings;
            long end;
            HashSet<int> left;
            lock (adding)
            {
                listings = runs.Count;
                end = count;
                left = [.. conflictingRuns];
            }
            for (var run = 0; run < listings; run++)
            {
                if (!left.Contains(run))
                {
                    yield return RangeOf(run, listings, end);
                }
            }
        }
    }

    public bool ContainsPack(PackId pack) => runs.Contains(pack);

    public bool Contains(BlobKind kind, BlobId id) => FindOrdinal(kind, id) >= 0;

    /// <summary>Finds the copy that was listed first.</summary>
    public bool TryFind(BlobKind kind, BlobId id, out BlobLocation location)
    {
        var ordinal = FindOrdinal(kind, id);
        location = ordinal < 0 ? default : LocationOf(ordinal);
        return ordinal >= 0;
    }

    /// <summary>All copies, the one listed first at the head.</summary>
    public IEnumerable<BlobLocation> FindAll(BlobKind kind, BlobId id)
    {
        var search = Volatile.Read(ref table).Find(id.Hash.Prefix);
        for (var ordinal = search.Next(); ordinal >= 0; ordinal = search.Next())
        {
            if (Is(ordinal, kind, id))
            {
                yield return LocationOf(ordinal);
            }
        }
    }

    /// <summary>The number of the copy that was listed first, or -1: a place in a bit set of <see cref="BlobCount"/> bits.</summary>
    public long FindOrdinal(BlobKind kind, BlobId id)
    {
        var search = Volatile.Read(ref table).Find(id.Hash.Prefix);
        for (var ordinal = search.Next(); ordinal >= 0; ordinal = search.Next())
        {
            if (Is(ordinal, kind, id))
            {
                return ordinal;
            }
        }
        return -1;
    }

    /// <summary>The blob with this number; the number must be less than <see cref="BlobCount"/>.</summary>
    public PackedBlob BlobAt(long ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)ordinal, (ulong)BlobCount, nameof(ordinal));
        var block = BlockOf(ordinal);
        ref readonly var entry = ref block[Place(ordinal)];
        return new PackedBlob(
            block.KindOf(Place(ordinal)), new BlobId(entry.Id), entry.OffsetBytes, entry.BoxBytes, PlainOf(entry), entry.PlainBytes != 0);
    }

    /// <summary>The pack that holds the blob with this number.</summary>
    public PackId PackOf(long ordinal)
    {
        // Only the listings that have a blob in the same block: ten or so in place of thousands.
        var block = (int)(ordinal >> BlobBlock.CapacityLog2);
        var next = ((long)block + 1) << BlobBlock.CapacityLog2;
        var high = next < BlobCount ? BlockOf(next).FirstRun : runs.Count - 1;
        return runs.IdOf(runs.RunOf(ordinal, BlockOf(ordinal).FirstRun, high));
    }

    /// <summary>
    /// Adds a pack and all its blobs. A pack that is known with the same blobs, in any order, is ignored; with other blobs it goes to
    /// <see cref="Conflicts"/> as well.
    /// </summary>
    /// <exception cref="RepositoryException">Damaged: a blob's lengths cannot be. Nothing was added.</exception>
    public void AddPack(PackId pack, IReadOnlyList<PackedBlob> blobs)
    {
        switch (blobs)
        {
            case PackedBlob[] array:
                AddPack(pack, array.AsSpan());
                break;
            case List<PackedBlob> list:
                AddPack(pack, CollectionsMarshal.AsSpan(list));
                break;
            default:
                AddPack(pack, blobs.ToArray().AsSpan());
                break;
        }
    }

    /// <inheritdoc cref="AddPack(PackId, IReadOnlyList{PackedBlob})"/>
    public void AddPack(PackId pack, ReadOnlySpan<PackedBlob> blobs)
    {
        foreach (ref readonly var blob in blobs)
        {
            RefuseImpossible(pack, blob);
        }
        lock (adding)
        {
            if (runs.Contains(pack))
            {
                if (IsListed(pack, blobs))
                {
                    return;
                }
                conflicts.Add(new IndexedPack(pack, blobs.ToArray()));
                conflictingRuns.Add(runs.Count);
            }
            Append(pack, blobs);
        }
    }

    private static void RefuseImpossible(PackId pack, in PackedBlob blob)
    {
        var plainBytes = blob.IsCompressed ? blob.PlainBytes : (long)blob.BoxBytes - IndexFile.BoxOverheadBytes;
        if (blob.BoxBytes < IndexFile.BoxOverheadBytes || plainBytes != blob.PlainBytes || (blob.IsCompressed && plainBytes == 0)
            || (ulong)blob.OffsetBytes + blob.BoxBytes > uint.MaxValue || blob.Kind > BlobKind.Tree)
        {
            throw new RepositoryException(RepositoryError.Damaged,
                $"Blob {blob.Id} in pack {pack} cannot have a box of {blob.BoxBytes} bytes at {blob.OffsetBytes} "
                + $"for {blob.PlainBytes} bytes.");
        }
    }

    // The order matters to readers that hold no lock: entries, then the count, then the slots that lead to them.
    private void Append(PackId pack, ReadOnlySpan<PackedBlob> blobs)
    {
        var first = count;
        MakeRoom(first + blobs.Length);
        runs.Add(pack, first);
        for (var i = 0; i < blobs.Length; i++)
        {
            ref readonly var blob = ref blobs[i];
            var entry = new BlobEntry(blob.Id.Hash, blob.OffsetBytes, blob.BoxBytes, blob.IsCompressed ? blob.PlainBytes : 0);
            var block = BlockOf(first + i);
            block.Set(Place(first + i), entry, blob.Kind);
            if (Place(first + i) == 0)
            {
                block.FirstRun = runs.Count - 1;
            }
        }
        Volatile.Write(ref count, first + blobs.Length);
        for (var i = 0; i < blobs.Length; i++)
        {
            table.Add(blobs[i].Id.Hash.Prefix, first + i);
        }
    }

    private void MakeRoom(long needed)
    {
        if (needed > OrdinalTable.CapacityMax)
        {
            throw new RepositoryException(RepositoryError.Unsupported, $"The repository has more than {OrdinalTable.CapacityMax} blobs.");
        }
        if (BlockCount(needed) > blocks.Length)
        {
            var larger = new BlobBlock[Math.Max(BlockCount(needed), blocks.Length * 2)];
            blocks.CopyTo(larger, 0);
            Volatile.Write(ref blocks, larger);
        }
        for (var block = BlockCount(count); block < BlockCount(needed); block++)
        {
            blocks[block] = new BlobBlock();
        }
        if (needed > table.Capacity)
        {
            GrowTable(needed);
        }
    }

    // Only the table is built anew, at most 6 bytes a blob; the entries stay where they are. Searches go on in the old one meanwhile.
    private void GrowTable(long needed)
    {
        var larger = new OrdinalTable(Math.Max(needed, OrdinalTable.CapacityAfter(table.Capacity)));
        for (long ordinal = 0; ordinal < count; ordinal++)
        {
            larger.Add(BlockOf(ordinal)[Place(ordinal)].Id.Prefix, ordinal);
        }
        Volatile.Write(ref table, larger);
    }

    private bool IsListed(PackId pack, ReadOnlySpan<PackedBlob> blobs)
    {
        PackedBlob[]? sorted = null;
        foreach (var run in runs.Find(pack))
        {
            var range = RangeOf(run, runs.Count, count);
            if (range.BlobCount != blobs.Length)
            {
                continue;
            }
            var listed = BlobsOf(range);
            if (listed.AsSpan().SequenceEqual(blobs))
            {
                return true;
            }
            sorted ??= Sorted(blobs.ToArray());
            if (Sorted(listed).AsSpan().SequenceEqual(sorted))
            {
                return true;
            }
        }
        return false;
    }

    private static PackedBlob[] Sorted(PackedBlob[] blobs)
    {
        Array.Sort(blobs, static (a, b) => (a.OffsetBytes, a.Id, a.Kind, a.BoxBytes).CompareTo((b.OffsetBytes, b.Id, b.Kind, b.BoxBytes)));
        return blobs;
    }

    private PackRange RangeOf(int run, int listings, long end)
    {
        var first = runs.FirstOrdinalOf(run);
        var next = run + 1 < listings ? runs.FirstOrdinalOf(run + 1) : end;
        return new PackRange(runs.IdOf(run), first, (int)(next - first));
    }

    private PackedBlob[] BlobsOf(PackRange range)
    {
        var blobs = new PackedBlob[range.BlobCount];
        for (var i = 0; i < blobs.Length; i++)
        {
            blobs[i] = BlobAt(range.FirstOrdinal + i);
        }
        return blobs;
    }

    private BlobLocation LocationOf(long ordinal)
    {
        ref readonly var entry = ref BlockOf(ordinal)[Place(ordinal)];
        return new BlobLocation(PackOf(ordinal), entry.OffsetBytes, entry.BoxBytes, PlainOf(entry), entry.PlainBytes != 0);
    }

    private bool Is(long ordinal, BlobKind kind, BlobId id)
    {
        var block = BlockOf(ordinal);
        return block[Place(ordinal)].Id == id.Hash && block.KindOf(Place(ordinal)) == kind;
    }

    private BlobBlock BlockOf(long ordinal) => Volatile.Read(ref blocks)[(int)(ordinal >> BlobBlock.CapacityLog2)];

    private static int Place(long ordinal) => (int)ordinal & (BlobBlock.Capacity - 1);

    private static int BlockCount(long blobs) => (int)((blobs + BlobBlock.Capacity - 1) >> BlobBlock.CapacityLog2);

    private static uint PlainOf(in BlobEntry entry) =>
        entry.PlainBytes != 0 ? entry.PlainBytes : entry.BoxBytes - IndexFile.BoxOverheadBytes;
}
