using System.Buffers;
using System.Security.Cryptography;
using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Reads a whole pack and finds whatever is wrong with it: its name, its header, what the index says of it, and each blob. A window of 8
/// MiB, or of one blob where that is longer, passes over the pack: packs of 4 GiB are legal. One per pack.
/// </summary>
internal sealed class PackChecker : IDisposable
{
    private const int WindowBytesMin = 8 << 20;

    private readonly Repository repository;
    private readonly IndexedPack indexed;
    private readonly long lengthBytes;
    private readonly List<PackedBlob> blobs;
    private readonly List<string> reasons = [];
    private readonly HashSet<(BlobKind, BlobId)> lost = [];
    private readonly BlobOpener opener = new();
    private byte[] plain = [];

    private PackChecker(Repository repository, IndexedPack indexed, long lengthBytes)
    {
        this.repository = repository;
        this.indexed = indexed;
        this.lengthBytes = lengthBytes;
        blobs = [.. indexed.Blobs.OrderBy(blob => blob.OffsetBytes)];
    }

    /// <returns>The damage, with the blobs that cannot be read from this pack; null for a pack that is right.</returns>
    public static async Task<Damage?> CheckAsync(
        Repository repository, IndexedPack indexed, long lengthBytes, CancellationToken cancellationToken)
    {
        using var checker = new PackChecker(repository, indexed, lengthBytes);
        return await checker.CheckAsync(cancellationToken);
    }

    /// <summary>The damage of a pack of which nothing can be used.</summary>
    public static Damage Whole(Repository repository, IndexedPack indexed, string reason) =>
        Describe(repository, indexed.Id, reason, [.. indexed.Blobs.Select(blob => (blob.Kind, blob.Id))]);

    /// <summary>The damage of a pack of another length than its blobs make: those that lie within it may be whole.</summary>
    public static Damage WrongLength(Repository repository, IndexedPack indexed, long lengthBytes) => Describe(
        repository,
        indexed.Id,
        LengthReason(lengthBytes, PackHeader.FileBytes(indexed.Blobs)),
        [.. indexed.Blobs.Where(blob => (long)blob.OffsetBytes + blob.BoxBytes > lengthBytes).Select(blob => (blob.Kind, blob.Id))]);

    public void Dispose() => opener.Dispose();

    private async Task<Damage?> CheckAsync(CancellationToken cancellationToken)
    {
        if (PackHeader.FileBytes(blobs) is var expectedBytes && expectedBytes != lengthBytes)
        {
            reasons.Add(LengthReason(lengthBytes, expectedBytes));
        }
        if (!await CheckContentAsync(cancellationToken))
        {
            return Whole(repository, indexed, "it is shorter than its listing says");
        }
        await CheckHeaderAsync(cancellationToken);
        if (lost.Count > 0)
        {
            reasons.Add($"{lost.Count} of its {blobs.Count} blobs do not open");
        }
        return reasons.Count == 0 ? null : Describe(repository, indexed.Id, string.Join("; ", reasons), lost);
    }

    /// <returns>False where the pack ends too early.</returns>
    private async Task<bool> CheckContentAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var windowBytes = (int)Math.Min(
            lengthBytes, Math.Max(WindowBytesMin, blobs.Where(IsReadable).Select(blob => (long)blob.BoxBytes).DefaultIfEmpty().Max()));
        var window = ArrayPool<byte>.Shared.Rent(windowBytes);
        try
        {
            var (windowStart, filled, next) = (0L, 0, 0);
            while (windowStart + filled < lengthBytes)
            {
                var wanted = (int)Math.Min(windowBytes - filled, lengthBytes - windowStart - filled);
                var room = window.AsMemory(filled, wanted);
                if (await repository.Storage.ReadAsync(StorageKey.Of(indexed.Id), windowStart + filled, room, cancellationToken) < wanted)
                {
                    return false;
                }
                hash.AppendData(room.Span);
                filled += wanted;
                next = CheckBlobsWithin(window.AsSpan(0, filled), windowStart, next);

                // What the next blob needs of this window stays; blobs that overlap were refused, so nothing earlier is asked for again.
                var keptFrom = next < blobs.Count ? Math.Clamp(blobs[next].OffsetBytes - windowStart, 0, filled) : filled;
                window.AsSpan((int)keptFrom, filled - (int)keptFrom).CopyTo(window);
                windowStart += keptFrom;
                filled -= (int)keptFrom;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
        foreach (var blob in blobs.Where(blob => !IsReadable(blob)))
        {
            lost.Add((blob.Kind, blob.Id));
        }
        if (new Hash256(hash.GetHashAndReset()) != indexed.Id.Hash)
        {
            reasons.Add("its bytes are not what its name says");
        }
        return true;
    }

    /// <returns>The place of the first blob that ends after the window.</returns>
    private int CheckBlobsWithin(ReadOnlySpan<byte> window, long windowStart, int next)
    {
        for (; next < blobs.Count; next++)
        {
            var blob = blobs[next];
            if (!IsReadable(blob))
            {
                continue;
            }
            if (blob.OffsetBytes < windowStart)
            {
                lost.Add((blob.Kind, blob.Id)); // It overlaps the one before, which no box does.
                continue;
            }
            if ((long)blob.OffsetBytes + blob.BoxBytes > windowStart + window.Length)
            {
                break;
            }
            if (!Opens(blob, window.Slice((int)(blob.OffsetBytes - windowStart), (int)blob.BoxBytes)))
            {
                lost.Add((blob.Kind, blob.Id));
            }
        }
        return next;
    }

    private bool IsReadable(PackedBlob blob) =>
        (long)blob.OffsetBytes + blob.BoxBytes <= lengthBytes && BlobOpener.IsPlausible(blob.Kind, blob.BoxBytes, blob.PlainBytes);

    private bool Opens(in PackedBlob blob, ReadOnlySpan<byte> box)
    {
        if (plain.Length < blob.PlainBytes)
        {
            plain = GC.AllocateUninitializedArray<byte>((int)blob.PlainBytes);
        }
        var location = new BlobLocation(indexed.Id, blob.OffsetBytes, blob.BoxBytes, blob.PlainBytes, blob.IsCompressed);
        return opener.TryOpen(repository.Key, blob.Id, location, box, plain.AsSpan(0, (int)blob.PlainBytes));
    }

    private async Task CheckHeaderAsync(CancellationToken cancellationToken)
    {
        try
        {
            var header = await PackReader.ReadHeaderAsync(repository.Storage, repository.Key, indexed.Id, lengthBytes, cancellationToken);
            if (!header.SequenceEqual(blobs))
            {
                reasons.Add("its header and the index do not list the same blobs");
            }
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.Damaged)
        {
            reasons.Add("its header does not open");
        }
    }

    private static string LengthReason(long lengthBytes, long expectedBytes) =>
        $"it is {lengthBytes} bytes long and should be {expectedBytes}";

    private static Damage Describe(Repository repository, PackId id, string reason, IReadOnlyCollection<(BlobKind, BlobId)> lost) => new()
    {
        File = StorageKey.Of(id),
        Message = $"{StorageKey.Of(id)} in {repository.Location} is damaged: {reason}",
        LostBlobs = lost,
    };
}
