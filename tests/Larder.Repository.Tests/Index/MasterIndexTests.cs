using Larder.Repository.Index;

namespace Larder.Repository.Tests.Index;

public sealed class MasterIndexTests
{
    [Fact]
    public void Every_blob_that_was_added_is_found_where_it_lies_and_no_other_is()
    {
        var packs = Blobs.Packs(seed: 1, packCount: 700, blobsPerPack: 37);
        var index = Blobs.IndexOf(packs);

        Assert.Equal(700 * 37, index.BlobCount);
        Assert.Equal(700, index.PackCount);
        long ordinal = 0;
        foreach (var pack in packs)
        {
            Assert.True(index.ContainsPack(pack.Id));
            foreach (var blob in pack.Blobs)
            {
                Assert.True(index.TryFind(blob.Kind, blob.Id, out var location));
                Assert.Equal(new BlobLocation(pack.Id, blob.OffsetBytes, blob.BoxBytes, blob.PlainBytes, blob.IsCompressed), location);
                Assert.Equal(ordinal, index.FindOrdinal(blob.Kind, blob.Id));
                Assert.Equal(blob, index.BlobAt(ordinal));
                Assert.Equal(pack.Id, index.PackOf(ordinal));
                Assert.False(index.Contains(1 - blob.Kind, blob.Id), "The same bytes as data and as a tree are two blobs.");
                ordinal++;
            }
        }
        var random = new Random(2);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.False(index.TryFind(BlobKind.Data, new BlobId(Blobs.Hash(random)), out _));
        }
    }

    [Fact]
    public void An_empty_index_finds_nothing()
    {
        var index = new MasterIndex();

        Assert.False(index.Contains(BlobKind.Data, default));
        Assert.Empty(index.FindAll(BlobKind.Tree, default));
        Assert.Empty(index.Packs);
        Assert.False(index.ContainsPack(default));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.BlobAt(0));
    }

    [Fact]
    public void All_copies_of_a_blob_are_found_with_the_first_one_at_the_head_after_any_growth()
    {
        var random = new Random(3);
        var blob = Blobs.Blob(random);
        var index = new MasterIndex();
        var holders = new List<PackId>();
        for (var i = 0; i < 20; i++)
        {
            var holder = new PackId(Blobs.Hash(random));
            holders.Add(holder);
            index.AddPack(holder, [blob]);
            var other = Blobs.Pack(random, 500);
            index.AddPack(other.Id, other.Blobs);
        }

        Assert.Equal(holders, index.FindAll(blob.Kind, blob.Id).Select(location => location.Pack));
        Assert.Equal(0, index.FindOrdinal(blob.Kind, blob.Id));
    }

    [Fact]
    public void Packs_come_back_as_they_were_added()
    {
        var packs = Blobs.Packs(seed: 4, packCount: 300, blobsPerPack: 5);
        packs.Insert(100, new IndexedPack(new PackId(Hash256.Of([1])), []));
        var index = Blobs.IndexOf(packs);

        Assert.Equal(packs.Select(pack => pack.Id), index.Packs.Select(pack => pack.Id));
        Assert.All(index.Packs.Zip(packs), pair => Assert.Equal(pair.Second.Blobs, pair.First.Blobs));
        Assert.Equal(index.BlobCount, index.PackRanges.Sum(range => range.BlobCount));
        Assert.All(index.PackRanges.Where(range => range.BlobCount > 0), range => Assert.Equal(range.Id, index.PackOf(range.FirstOrdinal)));
    }

    [Fact]
    public void A_pack_that_is_known_with_the_same_blobs_in_any_order_is_ignored()
    {
        var pack = Blobs.Pack(new Random(5), 50);
        var index = Blobs.IndexOf([pack]);

        index.AddPack(pack.Id, pack.Blobs);
        index.AddPack(pack.Id, pack.Blobs.Reverse().ToList());

        Assert.Equal(50, index.BlobCount);
        Assert.Empty(index.Conflicts);
    }

    [Fact]
    public void A_pack_that_is_known_with_other_blobs_is_a_conflict_and_its_blobs_can_be_found_too()
    {
        var random = new Random(6);
        var pack = Blobs.Pack(random, 3);
        var index = Blobs.IndexOf([pack]);
        var other = Blobs.Pack(random, 3);

        index.AddPack(pack.Id, other.Blobs);
        index.AddPack(pack.Id, other.Blobs);

        var conflict = Assert.Single(index.Conflicts);
        Assert.Equal(pack.Id, conflict.Id);
        Assert.Equal(other.Blobs, conflict.Blobs);
        Assert.Equal(1, index.PackCount);
        Assert.Equal(pack.Blobs, Assert.Single(index.Packs).Blobs);
        Assert.All(other.Blobs, blob => Assert.Equal(pack.Id, Assert.Single(index.FindAll(blob.Kind, blob.Id)).Pack));
    }

    [Theory]
    [InlineData(0u, 31u, 0u, false)]
    [InlineData(0u, 64u, 33u, false)]
    [InlineData(0u, 64u, 0u, true)]
    [InlineData(uint.MaxValue, 64u, 32u, false)]
    public void A_blob_whose_lengths_cannot_be_is_refused_and_nothing_is_added(uint offset, uint box, uint plain, bool isCompressed)
    {
        var random = new Random(7);
        var index = new MasterIndex();
        var bad = new PackedBlob(BlobKind.Data, new BlobId(Blobs.Hash(random)), offset, box, plain, isCompressed);

        var thrown = Assert.Throws<RepositoryException>(() => index.AddPack(default, [Blobs.Blob(random), bad]));

        Assert.Equal(RepositoryError.Damaged, thrown.Error);
        Assert.Equal(0, index.BlobCount);
        Assert.False(index.ContainsPack(default));
    }

    [Fact]
    public async Task Searching_while_another_thread_adds_finds_all_that_was_added_before()
    {
        var packs = Blobs.Packs(seed: 9, packCount: 3000, blobsPerPack: 40);
        var index = new MasterIndex();
        var added = 0;
        var adding = Task.Run(() =>
        {
            foreach (var pack in packs)
            {
                index.AddPack(pack.Id, pack.Blobs);
                Volatile.Write(ref added, added + 1);
            }
        }, TestContext.Current.CancellationToken);
        var searching = Enumerable.Range(0, 2).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var searches = 0;
            while (Volatile.Read(ref added) < packs.Count || searches < 1000)
            {
                var known = Volatile.Read(ref added);
                if (known == 0)
                {
                    continue;
                }
                var pack = packs[random.Next(known)];
                var blob = pack.Blobs[random.Next(pack.Blobs.Count)];
                Assert.True(index.TryFind(blob.Kind, blob.Id, out var location));
                Assert.Equal(new BlobLocation(pack.Id, blob.OffsetBytes, blob.BoxBytes, blob.PlainBytes, blob.IsCompressed), location);
                Assert.True(index.ContainsPack(pack.Id));
                searches++;
            }
        }, TestContext.Current.CancellationToken));

        await Task.WhenAll([adding, .. searching]);
        Assert.Equal(3000 * 40, index.BlobCount);
    }
}
