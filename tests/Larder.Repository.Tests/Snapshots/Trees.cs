using Larder.Repository.Snapshots;
using Larder.Repository.Tests.Index;

namespace Larder.Repository.Tests.Snapshots;

/// <summary>Trees from a seed, with everything that a node can hold.</summary>
internal static class Trees
{
    public static Tree Tree(int seed, int nodeCount)
    {
        var random = new Random(seed);
        var nodes = new Dictionary<NodeName, Node>();
        while (nodes.Count < nodeCount)
        {
            var name = Name(random);
            nodes[name] = Node(random, name);
        }
        return new Tree([.. nodes.Values.OrderBy(node => node.Name)]);
    }

    /// <summary>Field by field, as the equality of records stops at lists.</summary>
    public static void AssertSame(Tree expected, Tree actual)
    {
        Assert.Equal(expected.Nodes.Count, actual.Nodes.Count);
        foreach (var (a, b) in expected.Nodes.Zip(actual.Nodes))
        {
            Assert.Equal(Scalars(a), Scalars(b));
            Assert.Equal(a.LinkTarget?.ToArray(), b.LinkTarget?.ToArray());
            Assert.Equal(a.Content, b.Content);
            Assert.Equal(a.ExtendedAttributes.Select(x => (x.Name, x.IsNull, Convert.ToHexString(x.Value.Span))),
                b.ExtendedAttributes.Select(x => (x.Name, x.IsNull, Convert.ToHexString(x.Value.Span))));
        }
    }

    private static Node Scalars(Node node) => node with { LinkTarget = null, Content = null, ExtendedAttributes = [] };

    private static NodeName Name(Random random)
    {
        if (random.Next(3) > 0)
        {
            return new NodeName($"file-{random.Next()}.txt");
        }
        var bytes = new byte[random.Next(1, 30)];
        random.NextBytes(bytes);
        bytes.AsSpan().Replace((byte)'/', (byte)'_');
        bytes.AsSpan().Replace((byte)0, (byte)1);
        bytes.AsSpan().Replace((byte)'.', (byte)'-');
        return new NodeName(bytes);
    }

    private static Node Node(Random random, NodeName name)
    {
        var type = (NodeType)random.Next(8);
        return new Node
        {
            Name = name,
            Type = type,
            Mode = (uint)random.NextInt64(1L << 32),
            ModifiedAt = Time(random),
            AccessedAt = Time(random),
            ChangedAt = Time(random),
            Uid = (uint)random.Next(3),
            Gid = (uint)random.NextInt64(1L << 32),
            User = random.Next(2) == 0 ? null : "user & \u2028 <" + random.Next(3),
            Group = random.Next(2) == 0 ? null : "gruppe é\b\f\"\\",
            Inode = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            DeviceId = (ulong)random.Next(2),
            SizeBytes = (ulong)random.NextInt64(),
            Links = (ulong)random.Next(3),
            LinkTarget = type == NodeType.Symlink ? Bytes(random, random.Next(1, 40)) : null,
            ExtendedAttributes = [.. Enumerable.Range(0, random.Next(3)).Select(i => random.Next(3) == 0
                ? new ExtendedAttribute($"user.null{i}", default) { IsNull = true }
                : new ExtendedAttribute($"user.{i}", Bytes(random, random.Next(5))))],
            Device = type is NodeType.BlockDevice or NodeType.CharacterDevice ? (ulong)random.Next(1, 99) : 0,
            Content = type == NodeType.File ? [.. Enumerable.Range(0, random.Next(4)).Select(_ => new BlobId(Blobs.Hash(random)))] : null,
            Subtree = type == NodeType.Directory ? new BlobId(Blobs.Hash(random)) : null,
        };
    }

    private static UnixTime Time(Random random) => new(random.NextInt64(-62_167_219_200, 253_402_300_800), random.Next(4) == 0 ? 0 : random.Next(1_000_000_000));

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
