using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Snapshots;
using Larder.Repository.Tests.Index;

namespace Larder.Repository.Tests.Snapshots;

public sealed class TreeTests
{
    private const string Id = "aa00000000000000000000000000000000000000000000000000000000000001";
    private const string Times = "\"mtime\":\"2017-07-14T02:40:00Z\",\"atime\":\"2017-07-14T02:40:00Z\",\"ctime\":\"2017-07-14T02:40:00Z\"";

    [Fact]
    public void What_was_encoded_decodes_to_the_same_field_by_field() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var tree = Trees.Tree(seed, new Random(seed).Next(12));
            var bytes = tree.Encode();
            var decoded = Tree.Decode(bytes);
            Trees.AssertSame(tree, decoded);
            Assert.Equal(bytes, decoded.Encode());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void A_tree_is_written_in_the_order_of_names_whatever_order_it_was_given_in()
    {
        var tree = Trees.Tree(seed: 1, nodeCount: 50);

        Assert.Equal(tree.Encode(), new Tree([.. tree.Nodes.Reverse()]).Encode());
    }

    [Fact]
    public void A_node_has_every_field_in_the_order_of_restic()
    {
        var node = new Node
        {
            Name = new NodeName("a<\n"),
            Type = NodeType.Symlink,
            Mode = GoFileMode.FromPosix(0xA1FF), // lrwxrwxrwx
            ModifiedAt = new UnixTime(1_500_000_000, 100),
            Uid = 1,
            Gid = 2,
            User = "u&",
            Group = "g",
            Inode = 3,
            DeviceId = 4,
            SizeBytes = 5,
            Links = 6,
            LinkTarget = new byte[] { (byte)'t', 0xFF },
            ExtendedAttributes = [new("user.a", "b"u8.ToArray()), new("user.n", default) { IsNull = true }, new("user.e", Array.Empty<byte>())],
            Device = 7,
            Content = [],
            Subtree = new BlobId(Hash256.Parse(Id)),
        };

        Assert.Equal("{\"nodes\":[{\"name\":\"a\\u003c\\\\n\",\"type\":\"symlink\",\"mode\":134218239,\"mtime\":\"2017-07-14T02:40:00.0000001Z\","
            + "\"atime\":\"1970-01-01T00:00:00Z\",\"ctime\":\"1970-01-01T00:00:00Z\",\"uid\":1,\"gid\":2,\"user\":\"u\\u0026\",\"group\":\"g\",\"inode\":3,"
            + "\"device_id\":4,\"size\":5,\"links\":6,\"linktarget\":\"t\\ufffd\",\"linktarget_raw\":\"dP8=\",\"extended_attributes\":["
            + "{\"name\":\"user.a\",\"value\":\"Yg==\"},{\"name\":\"user.n\",\"value\":null},{\"name\":\"user.e\",\"value\":\"\"}],\"device\":7,"
            + "\"content\":[],\"subtree\":\"" + Id + "\"}]}\n",
            Encoding.UTF8.GetString(new Tree([node]).Encode()));
    }

    [Fact]
    public void An_empty_directory_is_an_empty_list() => Assert.Equal("{\"nodes\":[]}\n", Encoding.UTF8.GetString(new Tree([]).Encode()));

    [Fact]
    public void Fields_of_later_versions_and_offsets_of_times_are_read()
    {
        var json = "{\"later\":1,\"nodes\":[{\"subtree\":null,\"generic_attributes\":{\"windows.file_attributes\":32},\"error\":\"x\",\"name\":\"\\u0061\\\\xff\","
            + "\"type\":\"file\",\"mtime\":\"2017-07-14T04:40:00.123456789+02:00\",\"extended_attributes\":null,\"linktarget_raw\":null,\"user\":null,"
            + "\"content\":[\"" + Id + "\"]}]}";

        var node = Assert.Single(Tree.Decode(Encoding.UTF8.GetBytes(json)).Nodes);

        Assert.Equal([(byte)'a', 0xFF], node.Name.Bytes.ToArray());
        Assert.Equal(new UnixTime(1_500_000_000, 123_456_789), node.ModifiedAt);
        Assert.Equal(Id, Assert.Single(node.Content!).ToString());
    }

    [Fact]
    public void Two_nodes_of_one_name_are_refused()
    {
        var node = Trees.Tree(seed: 2, nodeCount: 1).Nodes[0];

        Assert.Equal(RepositoryError.Refused, Assert.Throws<RepositoryException>(() => new Tree([node, node]).Encode()).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("/")]
    [InlineData("a\0")]
    public void A_name_that_could_lead_out_of_its_folder_is_neither_written_nor_read(string name)
    {
        var node = new Node { Name = new NodeName(name), Type = NodeType.File, Content = [] };
        var json = "{\"nodes\":[{\"name\":\"" + name.Replace("\0", "\\\\x00", StringComparison.Ordinal) + "\",\"type\":\"file\"," + Times + ",\"content\":[]}]}";

        Assert.Equal(RepositoryError.Refused, Assert.Throws<RepositoryException>(() => new Tree([node]).Encode()).Error);
        Assert.Equal(RepositoryError.Damaged, Assert.Throws<RepositoryException>(() => Tree.Decode(Encoding.UTF8.GetBytes(json))).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"nodes\":{}}")]
    [InlineData("{\"nodes\":[]}{}")]
    [InlineData("{\"nodes\":[null]}")]
    [InlineData("{\"nodes\":[{\"type\":\"file\"}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"a\"}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"a\",\"type\":\"door\"}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"\\\"\",\"type\":\"file\"}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"mtime\":\"yesterday\"}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"uid\":-1}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"content\":[\"aa\"]}]}")]
    [InlineData("{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"user\":\"\\ud800\"}]}")]
    public void Nonsense_is_damage(string json) =>
        Assert.Equal(RepositoryError.Damaged, Assert.Throws<RepositoryException>(() => Tree.Decode(Encoding.UTF8.GetBytes(json))).Error);

    [Fact]
    public void Damaged_bytes_are_read_or_refused_and_nothing_else() =>
        Fuzz.Check(Trees.Tree(seed: 3, nodeCount: 4).Encode(), json => Tree.Decode(json));
}
