using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Copies sealed boxes into new packs as they are: a box does not depend on where it lies, so nothing is compressed or sealed again. Each
/// box is opened and hashed on the way, so that damage is noticed here and not passed on. Two packs of 16 MiB are open at most, one of each
/// kind.
/// </summary>
internal sealed class RepackTarget(Repository repository, RepositoryLock heldLock)
{
    // Reading over a gap this small is cheaper than asking twice.
    private const int GapBytesMax = 256 << 10;
    private const int RangeBytesMax = 16 << 20;

    private readonly PackBuilder?[] open = new PackBuilder?[2];
    private readonly List<IndexedPack> written = [];
    private byte[] plain = [];
    private byte[]? spare;

    /// <summary>Copies these blobs of a pack.</summary>
    public async Task CopyAsync(PackId pack, IReadOnlyList<PackedBlob> blobs, CancellationToken cancellationToken)
    {
        using var opener = new BlobOpener();
        if (blobs.Any(blob => !BlobOpener.IsPlausible(blob.Kind, blob.BoxBytes, blob.PlainBytes)))
        {
            throw PackReader.Damaged(repository.Storage, pack, "its index gives it blobs of impossible lengths; no backup was touched");
        }
        foreach (var run in Runs(blobs))
        {
            var offsetBytes = run[0].OffsetBytes;
            var boxes = new byte[run[^1].OffsetBytes + run[^1].BoxBytes - offsetBytes];
            if (await repository.Storage.ReadAsync(StorageKey.Of(pack), offsetBytes, boxes, cancellationToken) < boxes.Length)
            {
                throw PackReader.Damaged(repository.Storage, pack, "it is shorter than its index says; no backup was touched");
            }
            foreach (var blob in run)
            {
                var box = boxes.AsMemory((int)(blob.OffsetBytes - offsetBytes), (int)blob.BoxBytes);
                var location = new BlobLocation(pack, blob.OffsetBytes, blob.BoxBytes, blob.PlainBytes, blob.IsCompressed);
                if (plain.Length < blob.PlainBytes)
                {
                    plain = GC.AllocateUninitializedArray<byte>((int)blob.PlainBytes);
                }
                if (!opener.TryOpen(repository.Key, blob.Id, location, box.Span, plain.AsSpan(0, (int)blob.PlainBytes)))
                {
                    throw PackReader.Damaged(
                        repository.Storage, pack, $"the blob {blob.Id.ToString()[..8]} in it does not open; no backup was touched");
                }
                await AppendAsync(blob, box, cancellationToken);
            }
        }
    }

    /// <summary>Stores the packs that are still open.</summary>
    /// <returns>All packs written.</returns>
    public async Task<IReadOnlyList<IndexedPack>> CompleteAsync(CancellationToken cancellationToken)
    {
        for (var kind = 0; kind < open.Length; kind++)
        {
            await StoreAsync(kind, cancellationToken);
        }
        return written;
    }

    private async Task AppendAsync(PackedBlob blob, ReadOnlyMemory<byte> box, CancellationToken cancellationToken)
    {
        var kind = (int)blob.Kind;
        if (open[kind] is { } full && !full.HasRoomFor(box.Length))
        {
            await StoreAsync(kind, cancellationToken);
        }
        var pack = open[kind] ??= new PackBuilder(Buffer(box.Length));
        box.Span.CopyTo(pack.Reserve(box.Length));
        pack.Commit(blob.Kind, blob.Id, box.Length, (int)blob.PlainBytes, blob.IsCompressed);
    }

    private byte[] Buffer(int boxBytes)
    {
        if (spare is { } free && free.Length >= boxBytes)
        {
            spare = null;
            return free;
        }
        return GC.AllocateUninitializedArray<byte>(Math.Max(PackBuilder.TargetBytes, boxBytes));
    }

    private async Task StoreAsync(int kind, CancellationToken cancellationToken)
    {
        if (open[kind] is { } builder)
        {
            open[kind] = null;
            var pack = builder.Seal(repository.Key);
            heldLock.EnsureFresh();
            await repository.Storage.PutAsync(StorageKey.Of(pack.Id), pack.Content, cancellationToken);
            written.Add(new IndexedPack(pack.Id, pack.Blobs));
            spare = pack.Buffer.Length == PackBuilder.TargetBytes ? pack.Buffer : null;
        }
    }

    private static IEnumerable<List<PackedBlob>> Runs(IReadOnlyList<PackedBlob> blobs)
    {
        List<PackedBlob> run = [];
        foreach (var blob in blobs.OrderBy(blob => blob.OffsetBytes))
        {
            var isNear = run.Count == 0
                || (blob.OffsetBytes <= run[^1].OffsetBytes + run[^1].BoxBytes + GapBytesMax
                    && blob.OffsetBytes + blob.BoxBytes - run[0].OffsetBytes <= RangeBytesMax);
            if (!isNear)
            {
                yield return run;
                run = [];
            }
            run.Add(blob);
        }
        if (run.Count > 0)
        {
            yield return run;
        }
    }
}
