namespace Larder.Repository.Index;

/// <summary>
/// The listings of packs, in the order in which they were added. A pack's blobs are added together, so a listing needs only the ordinal
/// of its
/// first blob, and a blob's pack is found by binary search. One thread may add while others search.
/// </summary>
internal sealed class PackRuns
{
    private const int BlockCapacityLog2 = 8;
    private const int BlockCapacity = 1 << BlockCapacityLog2;

    private Block[] blocks = [];
    private OrdinalTable table = new(64);
    private int count;

    public int Count => Volatile.Read(ref count);

    public long MemoryBytes => (Blocks() * ((BlockCapacity * 36L) + 80)) + (8L * blocks.Length) + table.MemoryBytes;

    public PackId IdOf(int run) => new(BlockOf(run).Ids[run & (BlockCapacity - 1)]);

    public long FirstOrdinalOf(int run) => BlockOf(run).FirstOrdinals[run & (BlockCapacity - 1)];

    public void Add(PackId pack, long firstOrdinal)
    {
        var run = count;
        if (run == table.Capacity)
        {
            Grow();
        }
        if (run >> BlockCapacityLog2 == Blocks())
        {
            if (Blocks() == blocks.Length)
            {
                var larger = new Block[Math.Max(16, blocks.Length * 2)];
                blocks.CopyTo(larger, 0);
                Volatile.Write(ref blocks, larger);
            }
            Volatile.Write(ref blocks[run >> BlockCapacityLog2], new Block());
        }
        var block = blocks[run >> BlockCapacityLog2];
        block.Ids[run & (BlockCapacity - 1)] = pack.Hash;
        block.FirstOrdinals[run & (BlockCapacity - 1)] = (uint)firstOrdinal;
        Volatile.Write(ref count, run + 1);
        table.Add(pack.Hash.Prefix, run);
    }

    /// <summary>The listings of this pack, oldest first; more than one only when index files contradict each other.</summary>
    public IEnumerable<int> Find(PackId pack)
    {
        var search = Volatile.Read(ref table).Find(pack.Hash.Prefix);
        for (var run = search.Next(); run >= 0; run = search.Next())
        {
            if (IdOf((int)run) == pack)
            {
                yield return (int)run;
            }
        }
    }

    public bool Contains(PackId pack)
    {
        var search = Volatile.Read(ref table).Find(pack.Hash.Prefix);
        for (var run = search.Next(); run >= 0; run = search.Next())
        {
            if (IdOf((int)run) == pack)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The listing that a blob came in: the last one, of those from low to high, that begins at or before it.</summary>
    public int RunOf(long ordinal, int low, int high)
    {
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (FirstOrdinalOf(middle) <= ordinal)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return low;
    }

    private int Blocks() => (count + BlockCapacity - 1) >> BlockCapacityLog2;

    private Block BlockOf(int run) => Volatile.Read(ref blocks)[run >> BlockCapacityLog2];

    private void Grow()
    {
        var larger = new OrdinalTable(OrdinalTable.CapacityAfter(table.Capacity));
        for (var run = 0; run < count; run++)
        {
            larger.Add(IdOf(run).Hash.Prefix, run);
        }
        Volatile.Write(ref table, larger);
    }

    private sealed class Block
    {
        public readonly Hash256[] Ids = new Hash256[BlockCapacity];
        public readonly uint[] FirstOrdinals = new uint[BlockCapacity];
    }
}
