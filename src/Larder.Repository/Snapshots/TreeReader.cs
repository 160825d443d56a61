using System.Buffers;
using System.Text.Json;

namespace Larder.Repository.Snapshots;

/// <summary>Reads the JSON of a tree; what is not as the format says becomes a FormatException or one of the JSON parser's.</summary>
internal ref struct TreeReader(ReadOnlySpan<byte> json)
{
    private Utf8JsonReader reader = new(json);

    // Users and groups repeat on nearly every node; one string for each run of equal ones is enough.
    private string? lastUser;
    private string? lastGroup;

    public List<Node> Read()
    {
        List<Node>? nodes = null;
        reader.Read();
        Expect(JsonTokenType.StartObject);
        while (NextField())
        {
            if (reader.ValueTextEquals("nodes"u8))
            {
                nodes = ReadNodes();
            }
            else
            {
                SkipValue();
            }
        }

        // At the end of the object the parser has not looked at what follows yet.
        reader.Read();
        return nodes ?? throw new FormatException("it has no field \"nodes\".");
    }

    private List<Node> ReadNodes()
    {
        var nodes = new List<Node>();
        if (IsNull())
        {
            return nodes;
        }
        Expect(JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject);
            nodes.Add(ReadNode());
        }
        return nodes;
    }

    private Node ReadNode()
    {
        var fields = default(Fields);
        while (NextField())
        {
            ReadField(ref fields);
        }
        if (fields.Name is not { } name || !Tree.IsFileName(name.Bytes))
        {
            throw new FormatException("a node has no name, or one that cannot be that of a file.");
        }
        return new Node
        {
            Name = name,
            Type = fields.Type ?? throw new FormatException($"node \"{name}\" has no type."),
            Mode = fields.Mode,
            ModifiedAt = fields.ModifiedAt,
            AccessedAt = fields.AccessedAt,
            ChangedAt = fields.ChangedAt,
            Uid = fields.Uid,
            Gid = fields.Gid,
            User = fields.User,
            Group = fields.Group,
            Inode = fields.Inode,
            DeviceId = fields.DeviceId,
            SizeBytes = fields.SizeBytes,
            Links = fields.Links,
            LinkTarget = fields.RawLinkTarget ?? fields.LinkTarget,
            ExtendedAttributes = fields.ExtendedAttributes ?? [],
            Device = fields.Device,
            Content = fields.Content,
            Subtree = fields.Subtree,
        };
    }

    private void ReadField(ref Fields fields)
    {
        // Compared by length first: a node has up to twenty fields, and most comparisons end there.
        switch (reader.ValueIsEscaped ? [] : reader.ValueSpan)
        {
            case var field when field.SequenceEqual("name"u8):
                fields.Name = ReadName();
                break;
            case var field when field.SequenceEqual("type"u8):
                fields.Type = ReadType();
                break;
            case var field when field.SequenceEqual("mode"u8):
                fields.Mode = ReadUInt32();
                break;
            case var field when field.SequenceEqual("mtime"u8):
                fields.ModifiedAt = ReadTime();
                break;
            case var field when field.SequenceEqual("atime"u8):
                fields.AccessedAt = ReadTime();
                break;
            case var field when field.SequenceEqual("ctime"u8):
                fields.ChangedAt = ReadTime();
                break;
            case var field when field.SequenceEqual("uid"u8):
                fields.Uid = ReadUInt32();
                break;
            case var field when field.SequenceEqual("gid"u8):
                fields.Gid = ReadUInt32();
                break;
            case var field when field.SequenceEqual("user"u8):
                fields.User = ReadText(ref lastUser);
                break;
            case var field when field.SequenceEqual("group"u8):
                fields.Group = ReadText(ref lastGroup);
                break;
            case var field when field.SequenceEqual("inode"u8):
                fields.Inode = ReadUInt64();
                break;
            case var field when field.SequenceEqual("device_id"u8):
                fields.DeviceId = ReadUInt64();
                break;
            case var field when field.SequenceEqual("size"u8):
                fields.SizeBytes = ReadUInt64();
                break;
            case var field when field.SequenceEqual("links"u8):
                fields.Links = ReadUInt64();
                break;
            case var field when field.SequenceEqual("linktarget"u8):
                fields.LinkTarget = IsNull() ? null : CopyString();
                break;
            case var field when field.SequenceEqual("linktarget_raw"u8):
                fields.RawLinkTarget = IsNull() ? null : reader.GetBytesFromBase64();
                break;
            case var field when field.SequenceEqual("extended_attributes"u8):
                fields.ExtendedAttributes = ReadAttributes();
                break;
            case var field when field.SequenceEqual("device"u8):
                fields.Device = ReadUInt64();
                break;
            case var field when field.SequenceEqual("content"u8):
                fields.Content = ReadContent();
                break;
            case var field when field.SequenceEqual("subtree"u8):
                fields.Subtree = IsNull() ? null : ReadBlobId();
                break;
            default:
                SkipValue();
                break;
        }
    }

    private NodeName ReadName()
    {
        reader.Read();
        Expect(JsonTokenType.String);
        var quoted = reader.ValueIsEscaped || !GoQuoting.IsPlain(reader.ValueSpan) ? CopyString() : reader.ValueSpan;
        return NodeName.TryFromQuoted(quoted, out var name) ? name : throw new FormatException("a name is not quoted as the format says.");
    }

    private NodeType ReadType()
    {
        reader.Read();
        Expect(JsonTokenType.String);
        return NodeTypes.Parse(reader.ValueSpan) ?? throw new FormatException("a node is of no known type.");
    }

    private UnixTime ReadTime()
    {
        reader.Read();
        Expect(JsonTokenType.String);
        if (Rfc3339.TryParse(reader.ValueIsEscaped ? CopyString() : reader.ValueSpan, out var time, out _))
        {
            return time;
        }
        throw new FormatException("a time is not written as RFC 3339 says.");
    }

    private string? ReadText(ref string? last)
    {
        if (IsNull())
        {
            return null;
        }
        Expect(JsonTokenType.String);
        if (last is null || !reader.ValueTextEquals(last))
        {
            last = reader.GetString();
        }
        return last;
    }

    private List<ExtendedAttribute>? ReadAttributes()
    {
        if (IsNull())
        {
            return null;
        }
        var attributes = new List<ExtendedAttribute>();
        Expect(JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject);
            string? name = null;
            byte[]? value = null;
            while (NextField())
            {
                if (reader.ValueTextEquals("name"u8))
                {
                    reader.Read();
                    name = reader.GetString();
                }
                else if (reader.ValueTextEquals("value"u8))
                {
                    value = IsNull() ? null : reader.GetBytesFromBase64();
                }
                else
                {
                    SkipValue();
                }
            }
            name = name ?? throw new FormatException("an extended attribute has no name.");
            attributes.Add(new ExtendedAttribute(name, value) { IsNull = value is null });
        }
        return attributes;
    }

    private IReadOnlyList<BlobId>? ReadContent()
    {
        if (IsNull())
        {
            return null;
        }
        var content = new List<BlobId>(1);
        Expect(JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            content.Add(ReadBlobId());
        }
        return content.Count == 0 ? [] : content;
    }

    // The current token, as every id is read after a look for null or for the end of an array.
    private readonly BlobId ReadBlobId()
    {
        Expect(JsonTokenType.String);
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        if (reader.ValueSpan.Length != 2 * Hash256.Bytes
            || Convert.FromHexString(reader.ValueSpan, bytes, out _, out _) != OperationStatus.Done)
        {
            throw new FormatException("an id is not 64 hex digits.");
        }
        return new BlobId(new Hash256(bytes));
    }

    private ulong ReadUInt64()
    {
        reader.Read();
        Expect(JsonTokenType.Number);
        return reader.GetUInt64();
    }

    private uint ReadUInt32()
    {
        reader.Read();
        Expect(JsonTokenType.Number);
        return reader.GetUInt32();
    }

    private readonly byte[] CopyString()
    {
        Expect(JsonTokenType.String);
        var bytes = new byte[reader.ValueSpan.Length];
        var length = reader.CopyString(bytes);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private bool IsNull()
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null;
    }

    private bool NextField() => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private void SkipValue()
    {
        reader.Read();
        reader.Skip();
    }

    private readonly void Expect(JsonTokenType type)
    {
        if (reader.TokenType != type)
        {
            throw new FormatException($"a value is {reader.TokenType} where {type} was expected.");
        }
    }

    private struct Fields
    {
        public NodeName? Name;
        public NodeType? Type;
        public uint Mode;
        public UnixTime ModifiedAt;
        public UnixTime AccessedAt;
        public UnixTime ChangedAt;
        public uint Uid;
        public uint Gid;
        public string? User;
        public string? Group;
        public ulong Inode;
        public ulong DeviceId;
        public ulong SizeBytes;
        public ulong Links;
        public byte[]? LinkTarget;
        public byte[]? RawLinkTarget;
        public List<ExtendedAttribute>? ExtendedAttributes;
        public ulong Device;
        public IReadOnlyList<BlobId>? Content;
        public BlobId? Subtree;
    }
}
