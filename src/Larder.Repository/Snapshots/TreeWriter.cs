using System.Text.Unicode;

namespace Larder.Repository.Snapshots;

/// <summary>
/// Writes the JSON of a tree. The order of the fields, and which are left out when zero, are those of restic's <c>data.Node</c>.
/// </summary>
internal static class TreeWriter
{
    // About 300 bytes of times, modes and names for a node, and 67 for each blob of its content.
    private const int NodeBytes = 320;
    private const int BlobBytes = 67;

    // Asked for at once, so that a list of 100,000 blobs does not leave every smaller buffer behind; what is larger grows as it comes.
    private const int CapacityBytesMax = 32 << 20;

    public static byte[] Write(IReadOnlyList<Node> nodes)
    {
        var expectedBytes = 64 + nodes.Sum(node => NodeBytes + (BlobBytes * (node.Content?.Count ?? 0L)));
        using var json = new GoJson((int)Math.Min(CapacityBytesMax, expectedBytes));
        json.Raw("{\"nodes\":["u8);
        for (var i = 0; i < nodes.Count; i++)
        {
            json.Raw(i == 0 ? [] : ","u8);
            Write(json, nodes[i]);
        }
        json.Raw("]}\n"u8);
        return json.ToArray();
    }

    private static void Write(GoJson json, Node node)
    {
        json.Raw("{\"name\":"u8);
        WriteName(json, node.Name);
        json.Raw(",\"type\":\""u8);
        json.Raw(NodeTypes.Word(node.Type));
        json.Raw("\""u8);
        WriteNumber(json, ",\"mode\":"u8, node.Mode);
        json.Raw(",\"mtime\":"u8);
        json.Time(node.ModifiedAt);
        json.Raw(",\"atime\":"u8);
        json.Time(node.AccessedAt);
        json.Raw(",\"ctime\":"u8);
        json.Time(node.ChangedAt);
        json.Raw(",\"uid\":"u8);
        json.Number((ulong)node.Uid);
        json.Raw(",\"gid\":"u8);
        json.Number((ulong)node.Gid);
        WriteText(json, ",\"user\":"u8, node.User);
        WriteText(json, ",\"group\":"u8, node.Group);
        WriteNumber(json, ",\"inode\":"u8, node.Inode);
        WriteNumber(json, ",\"device_id\":"u8, node.DeviceId);
        WriteNumber(json, ",\"size\":"u8, node.SizeBytes);
        WriteNumber(json, ",\"links\":"u8, node.Links);
        WriteLinkTarget(json, node.LinkTarget);
        WriteAttributes(json, node.ExtendedAttributes);
        WriteNumber(json, ",\"device\":"u8, node.Device);
        WriteContent(json, node.Content);
        if (node.Subtree is { } subtree)
        {
            json.Raw(",\"subtree\":"u8);
            json.Hash(subtree.Hash);
        }
        json.Raw("}"u8);
    }

    private static void WriteName(GoJson json, NodeName name)
    {
        if (GoQuoting.IsPlain(name.Bytes))
        {
            json.String(name.Bytes);
        }
        else
        {
            json.String(name.ToQuoted());
        }
    }

    private static void WriteNumber(GoJson json, ReadOnlySpan<byte> field, ulong number)
    {
        if (number != 0)
        {
            json.Raw(field);
            json.Number(number);
        }
    }

    private static void WriteText(GoJson json, ReadOnlySpan<byte> field, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            json.Raw(field);
            json.String(text);
        }
    }

    // JSON cannot hold bytes that are not UTF-8; readers that know the second field prefer it.
    private static void WriteLinkTarget(GoJson json, ReadOnlyMemory<byte>? target)
    {
        if (target is not { Length: > 0 } bytes)
        {
            return;
        }
        json.Raw(",\"linktarget\":"u8);
        json.String(bytes.Span);
        if (!Utf8.IsValid(bytes.Span))
        {
            json.Raw(",\"linktarget_raw\":"u8);
            json.Base64(bytes.Span);
        }
    }

    private static void WriteAttributes(GoJson json, IReadOnlyList<ExtendedAttribute> attributes)
    {
        if (attributes.Count == 0)
        {
            return;
        }
        json.Raw(",\"extended_attributes\":["u8);
        for (var i = 0; i < attributes.Count; i++)
        {
            json.Raw(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            json.String(attributes[i].Name);
            json.Raw(",\"value\":"u8);
            if (attributes[i].IsNull && attributes[i].Value.IsEmpty)
            {
                json.Raw("null"u8);
            }
            else
            {
                json.Base64(attributes[i].Value.Span);
            }
            json.Raw("}"u8);
        }
        json.Raw("]"u8);
    }

    private static void WriteContent(GoJson json, IReadOnlyList<BlobId>? content)
    {
        if (content is null)
        {
            json.Raw(",\"content\":null"u8);
            return;
        }
        json.Raw(",\"content\":["u8);
        for (var i = 0; i < content.Count; i++)
        {
            json.Raw(i == 0 ? [] : ","u8);
            json.Hash(content[i].Hash);
        }
        json.Raw("]"u8);
    }
}
