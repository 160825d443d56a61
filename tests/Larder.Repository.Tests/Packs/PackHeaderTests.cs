using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Crypto;
using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;
using Larder.Repository.Tests.Index;
using Larder.Testing;

namespace Larder.Repository.Tests.Packs;

public sealed class PackHeaderTests
{
    [Fact]
    public void What_is_encoded_decodes_to_the_same()
    {
        var packs = Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(1, 300), (seed, count) => Blobs.Pack(new Random(seed), count).Blobs).ToArbitrary();
        Prop.ForAll(packs, blobs =>
        {
            var decoded = PackHeader.TryDecode(PackHeader.Encode(blobs));
            return decoded is not null && decoded.SequenceEqual(blobs);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_pack_is_as_long_as_its_header_says()
    {
        SeededRandom.Run(random =>
        {
            using var key = RepositoryKey.Generate();
            for (var round = 0; round < 50; round++)
            {
                var pack = Build(random, key, random.Next(1, 40));
                Assert.Equal(PackHeader.FileBytes(pack.Blobs), pack.Content.Length);
            }
        });
    }

    [Fact]
    public void Whatever_bytes_it_gets_it_answers_a_sound_list_or_nothing()
    {
        SeededRandom.Run(random =>
        {
            var sound = PackHeader.Encode(Blobs.Pack(random, 20).Blobs);
            for (var round = 0; round < 20_000; round++)
            {
                var bytes = round % 4 == 0 ? SeededBytes.Noise(random.Next(200), random.Next()) : SeededBytes.Mutate(sound, random);
                if (PackHeader.TryDecode(bytes) is { } blobs)
                {
                    // What it takes for a header, the index takes too.
                    new MasterIndex().AddPack(default, blobs);
                    Assert.Equal(bytes, PackHeader.Encode(blobs));
                }
            }
        });
    }

    [Fact]
    public Task A_pack_that_was_changed_anywhere_in_its_tail_is_damaged() => SeededRandom.RunAsync(async random =>
    {
        using var key = RepositoryKey.Generate();
        foreach (var count in new[] { 1, 30, 2000 })
        {
            var pack = Build(random, key, count);
            var bytes = System.Buffers.BuffersExtensions.ToArray(pack.Content);
            var storage = new MemoryStorage();
            storage.Damage(StorageKey.Of(pack.Id), bytes);
            Assert.Equal(pack.Blobs, await PackReader.ReadHeaderAsync(storage, key, pack.Id, bytes.Length, CancellationToken.None));

            var tailBytes = (int)(PackHeader.FileBytes(pack.Blobs) - pack.Blobs.Sum(blob => blob.BoxBytes));
            for (var round = 0; round < 200; round++)
            {
                var changed = bytes.ToArray();
                changed[^random.Next(1, tailBytes + 1)] ^= (byte)(1 << random.Next(8));
                changed = round % 5 == 0 ? changed[..random.Next(changed.Length)] : changed;
                storage.Damage(StorageKey.Of(pack.Id), changed);
                var failure = await Assert.ThrowsAsync<RepositoryException>(
                    () => PackReader.ReadHeaderAsync(storage, key, pack.Id, changed.Length, CancellationToken.None));
                Assert.Equal(RepositoryError.Damaged, failure.Error);
                Assert.Equal(StorageKey.Of(pack.Id), failure.File);
            }
        }
    });

    [Fact]
    public void A_partial_pack_takes_over_another_with_its_offsets()
    {
        using var key = RepositoryKey.Generate();
        var random = new Random(4);
        var (first, second) = (Fill(random, key, 5), Fill(random, key, 7));
        Assert.True(first.TryAbsorb(second));
        var pack = first.Seal(key);
        var offset = 0u;
        Assert.Equal(12, pack.Blobs.Count);
        foreach (var blob in pack.Blobs)
        {
            Assert.Equal(offset, blob.OffsetBytes);
            offset += blob.BoxBytes;
        }
    }

    private static SealedPack Build(Random random, RepositoryKey key, int count) => Fill(random, key, count).Seal(key);

    private static PackBuilder Fill(Random random, RepositoryKey key, int count)
    {
        var builder = new PackBuilder(new byte[1 << 20]);
        for (var i = 0; i < count; i++)
        {
            var plain = SeededBytes.Noise(random.Next(1, 300), random.Next());
            var boxBytes = plain.Length + RepositoryKey.OverheadBytes;
            key.Seal(plain, builder.Reserve(boxBytes));
            builder.Commit(BlobKind.Data, new BlobId(Hash256.Of(plain)), boxBytes, plain.Length, isCompressed: false);
        }
        return builder;
    }
}
