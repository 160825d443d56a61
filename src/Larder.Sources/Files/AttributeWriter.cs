using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Gives what was restored its owner, extended attributes, permissions and times. What cannot be given is noted, not fatal.
/// </summary>
internal sealed class AttributeWriter(Action<EntryPath, string> warn)
{
    private const uint SetIdBits = 0xC00;

    /// <summary>For an open file or folder.</summary>
    public void Apply(EntryPath path, int descriptor, EntryAttributes attributes)
    {
        // In this order: a new owner clears setuid and capabilities, a new mode rewrites the mask of an ACL, and every one of them moves
        // the times.
        var permissions = PermissionsAfter(path, -LibcFiles.ChangeOwner(descriptor, attributes.Uid, attributes.Gid), attributes);
        foreach (var extended in attributes.ExtendedAttributes)
        {
            var name = LibcFiles.Terminate(Encoding.UTF8.GetBytes(extended.Name));
            Note(path, $"The extended attribute {extended.Name}", LibcFiles.SetExtendedAttribute(descriptor, name, extended.Value.Span));
        }
        RemoveInheritedAcl(descriptor, attributes);
        Note(path, "The permissions", LibcFiles.ChangeMode(descriptor, permissions));
        Note(path, "The times", LibcFiles.SetTimes(descriptor, attributes.AccessedAt, attributes.ModifiedAt));
    }

    /// <summary>For a symlink, pipe or device, by its name (with the NUL) in an open folder.</summary>
    public void Apply(EntryPath path, int folder, ReadOnlySpan<byte> name, EntryAttributes attributes)
    {
        var permissions = PermissionsAfter(path, -LibcFiles.ChangeOwner(folder, name, attributes.Uid, attributes.Gid), attributes);
        Span<byte> place = stackalloc byte[64 + 256];
        place = place[..AttributeReader.ProcessPath(folder, name, place)];
        foreach (var extended in attributes.ExtendedAttributes)
        {
            var attributeName = LibcFiles.Terminate(Encoding.UTF8.GetBytes(extended.Name));
            var outcome = LibcFiles.SetExtendedAttribute(place, attributeName, extended.Value.Span);
            Note(path, $"The extended attribute {extended.Name}", outcome);
        }
        if (attributes.Type != EntryType.Symlink) // A symlink has no permissions of its own on Linux.
        {
            Note(path, "The permissions", LibcFiles.ChangeMode(folder, name, permissions));
        }
        Note(path, "The times", LibcFiles.SetTimes(folder, name, attributes.AccessedAt, attributes.ModifiedAt));
    }

    private uint PermissionsAfter(EntryPath path, int ownerError, EntryAttributes attributes)
    {
        Note(path, $"The owner {attributes.Uid}:{attributes.Gid}", -ownerError);

        // A program that ran as its owner must not run as whoever restored it.
        return ownerError == 0 ? attributes.Permissions : attributes.Permissions & ~SetIdBits;
    }

    /// <summary>A folder with a default ACL hands it to what is made in it; the backup knows better.</summary>
    private static void RemoveInheritedAcl(int descriptor, EntryAttributes attributes)
    {
        const string access = "system.posix_acl_access";
        if (!attributes.ExtendedAttributes.Any(extended => extended.Name == access))
        {
            _ = LibcFiles.RemoveExtendedAttribute(descriptor, "system.posix_acl_access\0"u8);
        }
        if (attributes.Type == EntryType.Directory
            && !attributes.ExtendedAttributes.Any(extended => extended.Name == "system.posix_acl_default"))
        {
            _ = LibcFiles.RemoveExtendedAttribute(descriptor, "system.posix_acl_default\0"u8);
        }
    }

    private void Note(EntryPath path, string what, int outcome)
    {
        if (outcome < 0)
        {
            warn(path, $"{what} could not be set: {LibcError.Describe(-outcome)}.");
        }
    }
}
