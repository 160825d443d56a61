using Larder.Repository.Index;
using Larder.Repository.Packs;

namespace Larder.Repository.Maintenance;

/// <summary>What a prune will do: computed from the index, the packs that are there, and what is used; nothing is changed by it.</summary>
public sealed record PrunePlan
{
    // Packs below a quarter of the target are worth joining, once there are enough of them to fill some.
    private const long SmallPackBytes = PackBuilder.TargetBytes / 4;
    private const int SmallPacksMin = 10;

    /// <summary>In the storage, but in no index: left by an interrupted backup.</summary>
    public required IReadOnlyList<PackId> Unindexed { get; init; }

    /// <summary>Holding nothing that is used.</summary>
    public required IReadOnlyList<PackId> Unused { get; init; }

    /// <summary>Partly used: what is used is copied into new packs.</summary>
    public required IReadOnlyList<PackId> Repacked { get; init; }

    /// <summary>In the index, but not in the storage, and holding nothing that is used: only their listing is removed.</summary>
    public required IReadOnlyList<PackId> Vanished { get; init; }

    public required int KeptPacks { get; init; }

    /// <summary>Bytes of all packs before.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Bytes of the packs that will be repacked.</summary>
    public required long RepackBytes { get; init; }

    /// <summary>How many bytes of packs there will be less; negative where joining small packs costs more than it saves.</summary>
    public required long FreedBytes { get; init; }

    /// <summary>Unused bytes that stay in kept packs.</summary>
    public required long UnusedBytesLeft { get; init; }

    public bool IsNothing => Unindexed.Count + Unused.Count + Repacked.Count + Vanished.Count == 0;

    internal static PrunePlan Compute(MasterIndex index, UsedBlobs used, IReadOnlyDictionary<PackId, long> stored, PruneOptions options)
    {
        var packs = index.Packs.Where(pack => stored.ContainsKey(pack.Id))
            .Select(pack => Weigh(pack, index, used, stored[pack.Id])).ToList();
        var unindexed = stored.Keys.Where(id => !index.ContainsPack(id)).ToList();
        var unused = packs.Where(pack => pack.UsedBytes == 0).ToList();
        var repacked = ChooseRepacked([.. packs.Where(pack => pack.UsedBytes > 0)], options);
        var kept = packs.Where(pack => pack.UsedBytes > 0 && !repacked.Contains(pack)).ToList();
        return new PrunePlan
        {
            Unindexed = unindexed,
            Unused = [.. unused.Select(pack => pack.Id)],
            Repacked = [.. repacked.Select(pack => pack.Id)],
            Vanished = [.. index.Packs.Where(pack => !stored.ContainsKey(pack.Id)).Select(pack => pack.Id)],
            KeptPacks = kept.Count,
            TotalBytes = stored.Values.Sum(),
            RepackBytes = repacked.Sum(pack => pack.FileBytes),
            FreedBytes = unindexed.Sum(id => stored[id]) + unused.Sum(pack => pack.FileBytes) + repacked.Sum(pack => pack.FileBytes)
                - RepackedBytes(repacked, index, used),
            UnusedBytesLeft = kept.Sum(pack => pack.UnusedBytes),
        };
    }

    /// <summary>The blobs of a pack that a repack copies.</summary>
    internal static List<PackedBlob> Kept(IndexedPack pack, MasterIndex index, UsedBlobs used) =>
    [
        .. pack.Blobs.Where(blob => used.IsMarked(blob.Kind, blob.Id) && IsKeptCopy(pack.Id, blob, index))
            .OrderBy(blob => blob.OffsetBytes),
    ];

    /// <summary>How long the new packs will be: filled one after another, as <see cref="RepackTarget"/> does.</summary>
    private static long RepackedBytes(HashSet<WeighedPack> repacked, MasterIndex index, UsedBlobs used)
    {
        var chosen = repacked.Select(pack => pack.Id).ToHashSet();
        var total = 0L;
        Span<(int Count, long UsedBytes, long BufferBytes)> open = stackalloc (int, long, long)[2];
        foreach (var pack in index.Packs.Where(pack => chosen.Contains(pack.Id)))
        {
            foreach (var blob in Kept(pack, index, used))
            {
                ref var filling = ref open[(int)blob.Kind];
                if (filling.Count == 0 || !PackBuilder.HasRoom(filling.Count, filling.UsedBytes, filling.BufferBytes, blob.BoxBytes))
                {
                    filling = (0, 0, Math.Max(PackBuilder.TargetBytes, blob.BoxBytes));
                    total += PackHeader.FileBytes([]);
                }
                filling = (filling.Count + 1, filling.UsedBytes + blob.BoxBytes, filling.BufferBytes);
                total += blob.BoxBytes + PackHeader.EntryBytes(blob.IsCompressed);
            }
        }
        return total;
    }

    /// <summary>
    /// Partly used packs, the most wasteful first, until what stays unused is below the limit; and small packs, where there are many.
    /// </summary>
    private static HashSet<WeighedPack> ChooseRepacked(IReadOnlyList<WeighedPack> packs, PruneOptions options)
    {
        var chosen = new HashSet<WeighedPack>();
        var chosenBytes = 0L;
        var unusedLeft = packs.Sum(pack => pack.UnusedBytes);
        var allowedUnused = packs.Sum(pack => pack.UsedBytes) * options.UnusedPercentMax / 100;
        foreach (var pack in packs.Where(pack => pack.UnusedBytes > 0)
            .OrderByDescending(pack => pack.IsTrees).ThenByDescending(pack => pack.Waste))
        {
            // Packs of trees are small and read often; they are always tidied.
            if (!pack.IsTrees && unusedLeft <= allowedUnused)
            {
                break;
            }
            TryChoose(pack);
        }

        foreach (var small in packs.Where(pack => pack.FileBytes < SmallPackBytes && !chosen.Contains(pack)).GroupBy(pack => pack.IsTrees))
        {
            if (small.Count() >= SmallPacksMin)
            {
                foreach (var pack in small)
                {
                    TryChoose(pack);
                }
            }
        }
        return chosen;

        void TryChoose(WeighedPack pack)
        {
            if (options.RepackBytesMax is not { } bytesMax || chosenBytes + pack.FileBytes <= bytesMax)
            {
                chosen.Add(pack);
                chosenBytes += pack.FileBytes;
                unusedLeft -= pack.UnusedBytes;
            }
        }
    }

    private static WeighedPack Weigh(IndexedPack pack, MasterIndex index, UsedBlobs used, long fileBytes)
    {
        var usedBytes = pack.Blobs.Where(blob => used.IsMarked(blob.Kind, blob.Id) && IsKeptCopy(pack.Id, blob, index))
            .Sum(blob => (long)blob.BoxBytes);
        var boxBytes = pack.Blobs.Sum(blob => (long)blob.BoxBytes);
        return new WeighedPack(pack.Id, fileBytes, usedBytes, boxBytes - usedBytes, pack.Blobs.Any(blob => blob.Kind == BlobKind.Tree));
    }

    /// <summary>Of several copies of a blob one counts as used: the one that the index finds first.</summary>
    internal static bool IsKeptCopy(PackId pack, in PackedBlob blob, MasterIndex index) =>
        index.TryFind(blob.Kind, blob.Id, out var first) && first.Pack == pack && first.OffsetBytes == blob.OffsetBytes;

    private sealed record WeighedPack(PackId Id, long FileBytes, long UsedBytes, long UnusedBytes, bool IsTrees)
    {
        public double Waste => (double)UnusedBytes / FileBytes;
    }
}
