using System.Text;
using System.Text.Unicode;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Turns what the kernel says of a name into <see cref="EntryAttributes"/>. Not for concurrent use.</summary>
internal sealed class AttributeReader
{
    private readonly AccountNames accounts = new();
    private readonly byte[] attributeNames = new byte[65536]; // XATTR_LIST_MAX
    private readonly byte[] path = new byte[64 + 256];
    private byte[]? attributeValue;

    /// <summary>
    /// Completes a look at <paramref name="name"/> in the open <paramref name="directory"/>, by symlink target and extended attributes.
    /// </summary>
    /// <param name="error">0, or the error number of what could not be read; the rest is there all the same.</param>
    public EntryAttributes Read(int directory, ReadOnlySpan<byte> name, in LibcStatx look, out int error)
    {
        error = 0;
        ReadOnlyMemory<byte>? target = null;
        if (look.Type == LibcStatx.TypeSymlink)
        {
            target = ReadTarget(directory, name, out error);
        }
        var extended = ReadExtendedAttributes(directory, name, ref error);
        return look.ToAttributes() with
        {
            User = accounts.User(look.Uid),
            Group = accounts.Group(look.Gid),
            LinkTarget = target,
            ExtendedAttributes = extended,
        };
    }

    private static byte[] ReadTarget(int directory, ReadOnlySpan<byte> name, out int error)
    {
        var buffer = new byte[4096]; // PATH_MAX: Linux keeps no longer target.
        var length = LibcFiles.ReadLink(directory, name, buffer);
        error = length < 0 ? -length : 0;
        return buffer[..Math.Max(length, 0)];
    }

    // A file need not be opened to be asked: the l…xattr calls take a path, and the directory's descriptor has one under /proc.
    private IReadOnlyList<EntryExtendedAttribute> ReadExtendedAttributes(int directory, ReadOnlySpan<byte> name, ref int error)
    {
        var fullPath = ProcessPath(directory, name);
        var length = LibcFiles.ListExtendedAttributes(fullPath, attributeNames);
        if (length <= 0)
        {
            error = length is 0 or -LibcError.NotSupported ? error : -length;
            return [];
        }

        var found = new List<EntryExtendedAttribute>();
        for (var rest = attributeNames.AsSpan(0, length); !rest.IsEmpty;)
        {
            var attributeName = rest[..(rest.IndexOf((byte)0) + 1)];
            rest = rest[attributeName.Length..];
            attributeValue ??= new byte[65536]; // XATTR_SIZE_MAX
            var valueLength = LibcFiles.GetExtendedAttribute(fullPath, attributeName, attributeValue);
            if (valueLength >= 0)
            {
                found.Add(new(Encoding.UTF8.GetString(attributeName[..^1]), attributeValue.AsMemory(0, valueLength).ToArray()));
            }
            else if (valueLength != -LibcError.NoData)
            {
                error = -valueLength;
            }
        }
        found.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return found;
    }

    private ReadOnlySpan<byte> ProcessPath(int directory, ReadOnlySpan<byte> name)
    {
        var length = ProcessPath(directory, name, path);
        return path.AsSpan(0, length);
    }

    /// <summary>The path under /proc of a name (with its NUL) in an open directory.</summary>
    public static int ProcessPath(int directory, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        Utf8.TryWrite(buffer, $"/proc/self/fd/{directory}/", out var length);
        name.CopyTo(buffer[length..]);
        return length + name.Length;
    }
}
