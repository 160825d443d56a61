using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>From what a source hands over to what a tree says, and back: the two rooms below do not know each other.</summary>
internal static class NodeMapping
{
    public static Node ToNode(NodeName name, EntryAttributes attributes) => new()
    {
        Name = name,
        Type = ToNodeType(attributes.Type),
        Mode = GoFileMode.FromPosix(PosixType(attributes.Type) | attributes.Permissions),
        ModifiedAt = new UnixTime(attributes.ModifiedAt.Seconds, attributes.ModifiedAt.Nanoseconds),
        AccessedAt = new UnixTime(attributes.AccessedAt.Seconds, attributes.AccessedAt.Nanoseconds),
        ChangedAt = new UnixTime(attributes.ChangedAt.Seconds, attributes.ChangedAt.Nanoseconds),
        Uid = attributes.Uid,
        Gid = attributes.Gid,
        User = attributes.User,
        Group = attributes.Group,
        Inode = attributes.Inode,
        DeviceId = attributes.Links > 1 ? attributes.DeviceId : 0, // As restic: it only tells hard links apart.
        SizeBytes = attributes.Type == EntryType.File ? attributes.SizeBytes : 0,
        Links = attributes.Links,
        LinkTarget = attributes.LinkTarget,
        Device = attributes.Device,
        ExtendedAttributes = [.. attributes.ExtendedAttributes.Select(attribute => new ExtendedAttribute(attribute.Name, attribute.Value))],
    };

    public static EntryAttributes ToAttributes(Node node) => new()
    {
        Type = ToEntryType(node.Type),
        Permissions = GoFileMode.ToPosix(node.Mode) & 0xFFF,
        ModifiedAt = new EntryTime(node.ModifiedAt.Seconds, node.ModifiedAt.Nanoseconds),
        AccessedAt = new EntryTime(node.AccessedAt.Seconds, node.AccessedAt.Nanoseconds),
        ChangedAt = new EntryTime(node.ChangedAt.Seconds, node.ChangedAt.Nanoseconds),
        Uid = node.Uid,
        Gid = node.Gid,
        User = node.User,
        Group = node.Group,
        Inode = node.Inode,
        DeviceId = node.DeviceId,
        Links = node.Links,
        SizeBytes = node.SizeBytes,
        LinkTarget = node.LinkTarget,
        Device = node.Device,
        ExtendedAttributes = [.. node.ExtendedAttributes.Select(attribute => new EntryExtendedAttribute(attribute.Name, attribute.Value))],
    };

    private static uint PosixType(EntryType type) => type switch
    {
        EntryType.File => 0x8000,
        EntryType.Directory => 0x4000,
        EntryType.Symlink => 0xA000,
        EntryType.BlockDevice => 0x6000,
        EntryType.CharacterDevice => 0x2000,
        EntryType.Fifo => 0x1000,
        EntryType.Socket => 0xC000,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static NodeType ToNodeType(EntryType type) => type switch
    {
        EntryType.File => NodeType.File,
        EntryType.Directory => NodeType.Directory,
        EntryType.Symlink => NodeType.Symlink,
        EntryType.BlockDevice => NodeType.BlockDevice,
        EntryType.CharacterDevice => NodeType.CharacterDevice,
        EntryType.Fifo => NodeType.Fifo,
        EntryType.Socket => NodeType.Socket,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static EntryType ToEntryType(NodeType type) => type switch
    {
        NodeType.File => EntryType.File,
        NodeType.Directory => EntryType.Directory,
        NodeType.Symlink => EntryType.Symlink,
        NodeType.BlockDevice => EntryType.BlockDevice,
        NodeType.CharacterDevice => EntryType.CharacterDevice,
        NodeType.Fifo => EntryType.Fifo,
        NodeType.Socket => EntryType.Socket,
        _ => throw new RepositoryException(RepositoryError.Unsupported, "an irregular node cannot be restored"),
    };
}
