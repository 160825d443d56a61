using Larder.Repository.Index;

namespace Larder.Repository.Tests.Index;

/// <summary>Packs and blobs from a seed.</summary>
internal static class Blobs
{
    public static Hash256 Hash(Random random)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        random.NextBytes(bytes);
        return new Hash256(bytes);
    }

    public static PackedBlob Blob(Random random, uint offset = 0)
    {
        var box = (uint)random.Next(32, 1 << 20);
        var isCompressed = random.Next(2) == 0;
        var kind = random.Next(10) == 0 ? BlobKind.Tree : BlobKind.Data;
        return new PackedBlob(kind, new BlobId(Hash(random)), offset, box, isCompressed ? (uint)random.Next(1, int.MaxValue) : box - 32, isCompressed);
    }

    public static IndexedPack Pack(Random random, int blobCount)
    {
        var blobs = new PackedBlob[blobCount];
        uint offset = 0;
        for (var i = 0; i < blobCount; i++)
        {
            blobs[i] = Blob(random, offset);
            offset += blobs[i].BoxBytes;
        }
        return new IndexedPack(new PackId(Hash(random)), blobs);
    }

    public static List<IndexedPack> Packs(int seed, int packCount, int blobsPerPack)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, packCount).Select(_ => Pack(random, blobsPerPack))];
    }

    public static MasterIndex IndexOf(IEnumerable<IndexedPack> packs)
    {
        var index = new MasterIndex();
        foreach (var pack in packs)
        {
            index.AddPack(pack.Id, pack.Blobs);
        }
        return index;
    }
}
