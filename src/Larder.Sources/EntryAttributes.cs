namespace Larder.Sources;

/// <summary>What an entry is on disk.</summary>
public enum EntryType
{
    File,
    Directory,
    Symlink,
    BlockDevice,
    CharacterDevice,
    Fifo,
    Socket,
}

/// <summary>A moment as file systems keep it: seconds since 1970-01-01 UTC, and nanoseconds (0 to 999,999,999).</summary>
public readonly record struct EntryTime(long Seconds, int Nanoseconds);

/// <summary>What a file system knows of an entry besides its content, with POSIX meanings.</summary>
public sealed record EntryAttributes
{
    public required EntryType Type { get; init; }

    /// <summary>The twelve permission bits: rwx three times, sticky, setgid, setuid.</summary>
    public uint Permissions { get; init; } = 0x180; // 0600

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public string? User { get; init; }

    public string? Group { get; init; }

    public EntryTime ModifiedAt { get; init; }

    public EntryTime AccessedAt { get; init; }

    /// <summary><c>st_ctime</c>: when the inode changed. With inode, size and modification time it tells an unchanged file.</summary>
    public EntryTime ChangedAt { get; init; }

    public ulong Inode { get; init; }

    /// <summary>The device that the entry lies on; with <see cref="Inode"/> it tells which names are one file.</summary>
    public ulong DeviceId { get; init; }

    /// <summary>How many names the file has.</summary>
    public ulong Links { get; init; } = 1;

    /// <summary>Length in bytes when it was looked at; 0 where it cannot be known beforehand.</summary>
    public ulong SizeBytes { get; init; }

    /// <summary>Where a symlink points, as raw bytes.</summary>
    public ReadOnlyMemory<byte>? LinkTarget { get; init; }

    /// <summary>The device number (<c>st_rdev</c>) of a device node.</summary>
    public ulong Device { get; init; }

    public IReadOnlyList<EntryExtendedAttribute> ExtendedAttributes { get; init; } = [];
}

/// <summary>One extended attribute.</summary>
public sealed record EntryExtendedAttribute(string Name, ReadOnlyMemory<byte> Value);
