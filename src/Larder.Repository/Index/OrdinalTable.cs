using System.Numerics;

namespace Larder.Repository.Index;

/// <summary>
/// An open-addressing table from a 64-bit hash to ordinals, 4 bytes a slot. Keys are not in it: a slot holds the ordinal plus one and,
/// in the bits left over, a tag of the hash, so that hardly any foreign entry is looked at. Several ordinals may share a hash; they are
/// found
/// in the order in which they were added. One thread may add while others search.
/// </summary>
internal sealed class OrdinalTable
{
    /// <summary>
    /// Fewest slots per ordinal: 1.2 x 4 bytes. At this load a search ends after 18 slots on average, mostly in two cache lines.
    /// </summary>
    private const double SlotsPerOrdinal = 1.2;

    /// <summary>
    /// The most ordinals a table may hold: 30 bits, so that its slots fit one array and at least two bits are left for the tag.
    /// </summary>
    public const long CapacityMax = (1L << 30) - 1;

    private readonly uint[] slots;
    private readonly int ordinalBits;

    /// <param name="capacity">How many ordinals it may hold; more would make searches slow, so the owner builds a larger table
    /// then.</param>
    public OrdinalTable(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, CapacityMax);
        Capacity = capacity;
        slots = new uint[checked((int)(capacity * SlotsPerOrdinal) + 1)];
        ordinalBits = 64 - BitOperations.LeadingZeroCount((ulong)capacity); // Ordinals plus one go up to the capacity itself.
    }

    public long Capacity { get; }

    public long MemoryBytes => (4L * slots.Length) + 24 + 40;

    /// <summary>
    /// The capacity to grow to: doubled while small, then by a quarter, so that large tables keep 1.2 to 1.5 slots an ordinal.
    /// </summary>
    public static long CapacityAfter(long capacity) =>
        Math.Min(capacity < 1 << 18 ? capacity * 2 : capacity + (capacity / 4), CapacityMax);

    public void Add(ulong hash, long ordinal)
    {
        var slot = Home(hash);
        while (slots[slot] != 0)
        {
            slot = slot + 1 == slots.Length ? 0 : slot + 1;
        }

        // Released after the entry it names was written: a reader that sees the slot sees the entry.
        Volatile.Write(ref slots[slot], (Tag(hash) << ordinalBits) | (uint)(ordinal + 1));
    }

    public Search Find(ulong hash) => new(this, hash);

    // Multiply and shift spreads over any number of slots, so that the table can grow by less than a doubling.
    private int Home(ulong hash) => (int)Math.BigMul(hash, (ulong)slots.Length, out _);

    // The low bits of the hash: placement uses the high ones.
    private uint Tag(ulong hash) => (uint)hash & (uint.MaxValue >> ordinalBits);

    /// <summary>Walks the candidates for one hash.</summary>
    public struct Search
    {
        private readonly uint[] slots;
        private readonly int ordinalBits;
        private readonly uint tag;
        private int slot;

        public Search(OrdinalTable table, ulong hash)
        {
            slots = table.slots;
            ordinalBits = table.ordinalBits;
            tag = table.Tag(hash);
            slot = table.Home(hash);
        }

        /// <summary>The next ordinal whose tag fits, or -1 at the end. The caller compares the key.</summary>
        public long Next()
        {
            while (true)
            {
                var content = Volatile.Read(ref slots[slot]);
                if (content == 0)
                {
                    return -1;
                }
                slot = slot + 1 == slots.Length ? 0 : slot + 1;
                if (content >> ordinalBits == tag)
                {
                    return (content & ((1u << ordinalBits) - 1)) - 1L;
                }
            }
        }
    }
}
