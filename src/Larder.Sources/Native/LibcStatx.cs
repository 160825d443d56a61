using System.Runtime.InteropServices;

namespace Larder.Sources.Native;

/// <summary><c>struct statx</c> of linux/stat.h. Unlike <c>struct stat</c> it has one layout on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct LibcStatx
{
    /// <summary>All of <c>struct stat</c>, and the birth time where the file system keeps one.</summary>
    public const uint BasicMask = 0xfff;

    public const ulong Immutable = 0x10;
    public const ulong AppendOnly = 0x20;
    public const ulong MountRoot = 0x2000;

    public const uint TypeMask = 0xF000;
    public const uint TypeFifo = 0x1000;
    public const uint TypeCharacterDevice = 0x2000;
    public const uint TypeDirectory = 0x4000;
    public const uint TypeBlockDevice = 0x6000;
    public const uint TypeFile = 0x8000;
    public const uint TypeSymlink = 0xA000;
    public const uint TypeSocket = 0xC000;

    /// <summary>Bits such as <see cref="MountRoot"/>; those that the file system does not know are 0.</summary>
    [FieldOffset(8)] public ulong Traits;
    [FieldOffset(16)] public uint Links;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(24)] public uint Gid;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;

    /// <summary>How much of the file is allocated, in units of 512 bytes.</summary>
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(64)] public long AccessedSeconds;
    [FieldOffset(72)] public uint AccessedNanoseconds;
    [FieldOffset(80)] public long BornSeconds;
    [FieldOffset(88)] public uint BornNanoseconds;
    [FieldOffset(96)] public long ChangedSeconds;
    [FieldOffset(104)] public uint ChangedNanoseconds;
    [FieldOffset(112)] public long ModifiedSeconds;
    [FieldOffset(120)] public uint ModifiedNanoseconds;
    [FieldOffset(128)] public uint NodeMajor;
    [FieldOffset(132)] public uint NodeMinor;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    public readonly uint Type => Mode & TypeMask;

    public readonly bool IsDirectory => Type == TypeDirectory;

    public readonly bool IsFile => Type == TypeFile;

    public readonly ulong Device => MakeDevice(DeviceMajor, DeviceMinor);

    public readonly ulong Node => MakeDevice(NodeMajor, NodeMinor);

    /// <summary>What a look alone can tell: no names of user and group, no symlink target, no extended attributes.</summary>
    public readonly EntryAttributes ToAttributes() => new()
    {
        Type = EntryType,
        Permissions = Mode & 0xFFFu,
        Uid = Uid,
        Gid = Gid,
        ModifiedAt = new EntryTime(ModifiedSeconds, (int)ModifiedNanoseconds),
        AccessedAt = new EntryTime(AccessedSeconds, (int)AccessedNanoseconds),
        ChangedAt = new EntryTime(ChangedSeconds, (int)ChangedNanoseconds),
        Inode = Inode,
        DeviceId = Device,
        Links = Links,
        SizeBytes = IsFile ? Size : 0,
        Device = Type is TypeBlockDevice or TypeCharacterDevice ? Node : 0,
    };

    public readonly EntryType EntryType => Type switch
    {
        TypeDirectory => EntryType.Directory,
        TypeSymlink => EntryType.Symlink,
        TypeBlockDevice => EntryType.BlockDevice,
        TypeCharacterDevice => EntryType.CharacterDevice,
        TypeFifo => EntryType.Fifo,
        TypeSocket => EntryType.Socket,
        _ => EntryType.File,
    };

    /// <summary>
    /// Whether the two looks saw one file in one state. Access times and link counts by themselves say nothing of the content.
    /// </summary>
    public readonly bool SameState(in LibcStatx other) =>
        Inode == other.Inode && Device == other.Device && Size == other.Size
        && ModifiedSeconds == other.ModifiedSeconds && ModifiedNanoseconds == other.ModifiedNanoseconds
        && ChangedSeconds == other.ChangedSeconds && ChangedNanoseconds == other.ChangedNanoseconds;

    /// <summary>As <c>makedev</c> of glibc packs it, which is what <c>st_dev</c> and <c>st_rdev</c> hold.</summary>
    private static ulong MakeDevice(uint major, uint minor) =>
        ((ulong)(major & 0xfffff000) << 32) | ((ulong)(major & 0xfff) << 8) | ((ulong)(minor & 0xffffff00) << 12) | (minor & 0xff);
}
