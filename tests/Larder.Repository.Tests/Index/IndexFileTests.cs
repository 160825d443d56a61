using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Index;

namespace Larder.Repository.Tests.Index;

public sealed class IndexFileTests
{
    private const string IdA = "aa00000000000000000000000000000000000000000000000000000000000001";
    private const string IdB = "bb00000000000000000000000000000000000000000000000000000000000002";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public void What_was_encoded_decodes_to_the_same() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var packs = Enumerable.Range(0, random.Next(5)).Select(_ => Blobs.Pack(random, random.Next(8))).ToList();
            AssertSame(packs, Decode(IndexFile.Encode(packs)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_reader_of_any_form_agrees_with_the_reader_of_the_compact_form() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var packs = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Blobs.Pack(random, random.Next(8))).ToList();
            var compact = IndexFile.Encode(packs);
            var spaced = JsonSerializer.SerializeToUtf8Bytes(JsonNode.Parse(compact), Indented);
            var listing = new IndexListing(compact.Length);

            Assert.True(new CompactIndexReader(compact).TryRead(listing));
            listing.Clear();
            Assert.False(new CompactIndexReader(spaced).TryRead(listing));
            AssertSame(packs, Decode(compact));
            AssertSame(packs, Decode(spaced));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_bytes_are_those_that_restic_writes()
    {
        var json = "{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdB + "\",\"type\":\"data\",\"offset\":0,\"length\":50},"
            + "{\"id\":\"" + IdA + "\",\"type\":\"tree\",\"offset\":50,\"length\":60,\"uncompressed_length\":700}]}]}";
        var packs = Decode(Encoding.ASCII.GetBytes(json));

        Assert.Equal(new PackedBlob(BlobKind.Data, new BlobId(Hash256.Parse(IdB)), 0, 50, 18, false), packs[0].Blobs[0]);
        Assert.Equal(new PackedBlob(BlobKind.Tree, new BlobId(Hash256.Parse(IdA)), 50, 60, 700, true), packs[0].Blobs[1]);
        Assert.Equal(json, Encoding.ASCII.GetString(IndexFile.Encode(packs)));
    }

    [Fact]
    public void Fields_of_other_programs_and_their_order_do_not_matter()
    {
        var json = "{\"supersedes\":[\"" + IdA + "\"],\"packs\":[{\"time\":null,\"blobs\":[{\"new\":{\"a\":[1,2]},\"length\":50,\"offset\":7,\"type\":\"data\",\"id\":\""
            + IdB.ToUpperInvariant() + "\"}],\"id\":\"" + IdA + "\",\"size\":1}],\"packs_to_delete\":[{\"id\":\"" + IdB + "\",\"blobs\":[]}]}\n";

        var pack = Assert.Single(Decode(Encoding.ASCII.GetBytes(json)));

        Assert.Equal(IdA, pack.Id.ToString());
        Assert.Equal(new PackedBlob(BlobKind.Data, new BlobId(Hash256.Parse(IdB)), 7, 50, 18, false), Assert.Single(pack.Blobs));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"packs\":[]")]
    [InlineData("{\"packs\":[]}x")]
    [InlineData("{\"packs\":7}")]
    [InlineData("{\"packs\":[{\"blobs\":[]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"aa\",\"blobs\":[]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"dog\",\"offset\":0,\"length\":50}]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"data\",\"offset\":0,\"length\":31}]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"data\",\"offset\":-1,\"length\":50}]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"data\",\"offset\":007,\"length\":50}]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"data\",\"offset\":0,\"length\":4294967296}]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"data\",\"offset\":4294967295,\"length\":50}]}]}")]
    [InlineData("{\"packs\":[{\"id\":\"" + IdA + "\",\"blobs\":[{\"id\":\"" + IdA + "\",\"type\":\"data\",\"length\":50}]}]}")]
    public void Nonsense_is_damage_and_hands_nothing_on(string json)
    {
        var index = new MasterIndex();

        var thrown = Assert.Throws<RepositoryException>(() => IndexFile.Decode(Encoding.ASCII.GetBytes(json), index));

        Assert.Equal(RepositoryError.Damaged, thrown.Error);
        Assert.Equal(0, index.PackCount);
    }

    [Fact]
    public void Damaged_bytes_are_read_or_refused_and_nothing_else()
    {
        var sound = IndexFile.Encode(Blobs.Packs(seed: 11, packCount: 3, blobsPerPack: 4));
        Fuzz.Check(sound, json => IndexFile.Decode(json, new MasterIndex()));
    }

    [Fact]
    public void A_file_decodes_into_the_master_index_as_pack_by_pack()
    {
        var packs = Blobs.Packs(seed: 12, packCount: 30, blobsPerPack: 40);
        var index = new MasterIndex();

        IndexFile.Decode(IndexFile.Encode(packs), index);

        AssertSame(packs, [.. index.Packs]);
    }

    private static List<IndexedPack> Decode(byte[] json)
    {
        var packs = new List<IndexedPack>();
        IndexFile.Decode(json, (pack, blobs) => packs.Add(new IndexedPack(pack, blobs)));
        return packs;
    }

    private static void AssertSame(IReadOnlyList<IndexedPack> expected, IReadOnlyList<IndexedPack> actual)
    {
        Assert.Equal(expected.Select(pack => pack.Id), actual.Select(pack => pack.Id));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Blobs, pair.Second.Blobs));
    }
}
