using System.Buffers;
using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>Reads a whole pack and finds whatever is wrong with it: its name, its header, what the index says of it, and each blob.</summary>
internal static class PackChecker
{
    /// <returns>The damage, with the blobs that cannot be read from this pack; null for a pack that is right.</returns>
    public static async Task<Damage?> CheckAsync(Repository repository, IndexedPack indexed, long lengthBytes, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)lengthBytes);
        try
        {
            var pack = buffer.AsMemory(0, (int)lengthBytes);
            var reasons = new List<string>();
            var lost = new HashSet<(BlobKind, BlobId)>();
            if (await repository.Storage.ReadAsync(StorageKey.Of(indexed.Id), 0, pack, cancellationToken) < lengthBytes)
            {
                return Whole(repository, indexed, "it is shorter than its listing says");
            }
            if (Hash256.Of(pack.Span) != indexed.Id.Hash)
            {
                reasons.Add("its bytes are not what its name says");
            }
            CheckHeader(repository, indexed, pack.Span, reasons);
            CheckBlobs(repository, indexed, pack.Span, lost);
            if (lost.Count > 0)
            {
                reasons.Add($"{lost.Count} of its {indexed.Blobs.Count} blobs do not open");
            }
            return reasons.Count == 0 ? null : Describe(repository, indexed.Id, string.Join("; ", reasons), lost);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The damage of a pack of which nothing can be used.</summary>
    public static Damage Whole(Repository repository, IndexedPack indexed, string reason) =>
        Describe(repository, indexed.Id, reason, [.. indexed.Blobs.Select(blob => (blob.Kind, blob.Id))]);

    private static void CheckHeader(Repository repository, IndexedPack indexed, ReadOnlySpan<byte> pack, List<string> reasons)
    {
        try
        {
            var header = PackReader.Open(repository.Storage, repository.Key, indexed.Id, pack, pack.Length);
            if (!header.SequenceEqual(indexed.Blobs.OrderBy(blob => blob.OffsetBytes)))
            {
                reasons.Add("its header and the index do not list the same blobs");
            }
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.Damaged)
        {
            reasons.Add("its header does not open");
        }
    }

    private static void CheckBlobs(Repository repository, IndexedPack indexed, ReadOnlySpan<byte> pack, HashSet<(BlobKind, BlobId)> lost)
    {
        using var opener = new BlobOpener();
        var plain = Array.Empty<byte>();
        foreach (var blob in indexed.Blobs)
        {
            if (plain.Length < blob.PlainBytes)
            {
                plain = GC.AllocateUninitializedArray<byte>((int)blob.PlainBytes);
            }
            var location = new BlobLocation(indexed.Id, blob.OffsetBytes, blob.BoxBytes, blob.PlainBytes, blob.IsCompressed);
            var isInside = (long)blob.OffsetBytes + blob.BoxBytes <= pack.Length;
            if (!isInside
                || !opener.TryOpen(repository.Key, blob.Id, location, pack.Slice((int)blob.OffsetBytes, (int)blob.BoxBytes), plain.AsSpan(0, (int)blob.PlainBytes)))
            {
                lost.Add((blob.Kind, blob.Id));
            }
        }
    }

    private static Damage Describe(Repository repository, PackId id, string reason, IReadOnlyCollection<(BlobKind, BlobId)> lost) => new()
    {
        File = StorageKey.Of(id),
        Message = $"{StorageKey.Of(id)} in {repository.Location} is damaged: {reason}",
        LostBlobs = lost,
    };
}
