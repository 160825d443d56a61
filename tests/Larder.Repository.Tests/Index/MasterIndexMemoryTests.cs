using Larder.Repository.Index;

namespace Larder.Repository.Tests.Index;

/// <summary>What the heap holds can only be told while no other test allocates.</summary>
[CollectionDefinition(nameof(AloneOnTheHeap), DisableParallelization = true)]
public sealed class AloneOnTheHeap;

[Collection(nameof(AloneOnTheHeap))]
public sealed class MasterIndexMemoryTests
{
    [Fact]
    public void A_million_blobs_take_at_most_52_bytes_each_and_the_index_knows_how_many()
    {
        const int blobsPerPack = 500;
        var random = new Random(8);
        var blobs = new PackedBlob[blobsPerPack];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new MasterIndex();
        for (var pack = 0; pack < 1_000_000 / blobsPerPack; pack++)
        {
            for (var i = 0; i < blobsPerPack; i++)
            {
                blobs[i] = Blobs.Blob(random);
            }
            index.AddPack(new PackId(Blobs.Hash(random)), blobs);
        }
        var measured = GC.GetTotalMemory(forceFullCollection: true) - before;

        TestContext.Current.TestOutputHelper?.WriteLine($"{measured / 1e6:F2} bytes a blob, {index.MemoryBytes / 1e6:F2} by its own account");
        Assert.Equal(1_000_000, index.BlobCount);
        Assert.InRange(index.MemoryBytes / 1e6, 44, 52);

        Assert.InRange(measured / 1e6, 44, 52);
        Assert.InRange(measured, index.MemoryBytes * 0.97, index.MemoryBytes * 1.03);
    }
}
