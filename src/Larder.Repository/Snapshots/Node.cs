namespace Larder.Repository.Snapshots;

/// <summary>What a node of a tree is.</summary>
public enum NodeType
{
    File,
    Directory,
    Symlink,
    BlockDevice,
    CharacterDevice,
    Fifo,
    Socket,
    Irregular,
}

/// <summary>One extended attribute of a file.</summary>
/// <param name="Name">Such as <c>user.comment</c>.</param>
/// <param name="Value">Its raw bytes.</param>
public sealed record ExtendedAttribute(string Name, ReadOnlyMemory<byte> Value)
{
    /// <summary>
    /// Whether the tree stores null where an empty value would be; restoring makes no difference, the bytes of the tree do.
    /// </summary>
    public bool IsNull { get; init; }
}

/// <summary>
/// One line of a directory listing: a name, what it is, and where its content lies. Fields as in restic's design document, section "Trees
/// and Data".
/// </summary>
public sealed record Node
{
    public required NodeName Name { get; init; }

    public required NodeType Type { get; init; }

    /// <summary>Permissions and type as Go's <c>os.FileMode</c> has them; <c>GoFileMode</c> converts from and to POSIX.</summary>
    public uint Mode { get; init; }

    public UnixTime ModifiedAt { get; init; }

    public UnixTime AccessedAt { get; init; }

    public UnixTime ChangedAt { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public string? User { get; init; }

    public string? Group { get; init; }

    public ulong Inode { get; init; }

    /// <summary>The device of a hard-linked file; with <see cref="Inode"/> it tells which names are one file.</summary>
    public ulong DeviceId { get; init; }

    /// <summary>Length of the content in bytes.</summary>
    public ulong SizeBytes { get; init; }

    public ulong Links { get; init; }

    /// <summary>Where a symlink points, as raw bytes.</summary>
    public ReadOnlyMemory<byte>? LinkTarget { get; init; }

    public IReadOnlyList<ExtendedAttribute> ExtendedAttributes { get; init; } = [];

    /// <summary>The device number (<c>st_rdev</c>) of a device node.</summary>
    public ulong Device { get; init; }

    /// <summary>A file's content: its data blobs in order; null for all that is not a file.</summary>
    public IReadOnlyList<BlobId>? Content { get; init; }

    /// <summary>A directory's listing; null for all that is not a directory.</summary>
    public BlobId? Subtree { get; init; }
}
