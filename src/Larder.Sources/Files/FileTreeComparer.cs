using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Compares two folders on disk: names, types, permissions, owners, modification times, symlink targets, device numbers, extended
/// attributes, content, and which names are one file. Holes equal zeros; access and change times, inodes and folder sizes are no
/// difference.
/// Symlinks are not followed. Not for concurrent use.
/// </summary>
public sealed class FileTreeComparer
{
    private readonly AttributeReader attributes = new();
    private readonly Dictionary<(ulong, ulong), EntryPath> firstNames = [];
    private readonly Dictionary<(ulong, ulong), EntryPath> otherFirstNames = [];
    private readonly List<FileTreeDifference> differences = [];
    private readonly byte[] buffer = new byte[131072];
    private readonly byte[] otherBuffer = new byte[131072];

    private FileTreeComparer()
    {
    }

    /// <summary>Empty where the trees are equal. Fails with <see cref="SourceException"/> where something cannot be read.</summary>
    public static IReadOnlyList<FileTreeDifference> Compare(string folder, string otherFolder)
    {
        var comparer = new FileTreeComparer();
        comparer.CompareEntry(
            default,
            Libc.AtFdCwd,
            LibcFiles.Terminate(Encoding.UTF8.GetBytes(folder)),
            Libc.AtFdCwd,
            LibcFiles.Terminate(Encoding.UTF8.GetBytes(otherFolder)));
        return comparer.differences;
    }

    private void CompareEntry(EntryPath path, int folder, ReadOnlySpan<byte> name, int otherFolder, ReadOnlySpan<byte> otherName)
    {
        var look = Look(path, folder, name);
        var otherLook = Look(path, otherFolder, otherName);
        if (look.Type != otherLook.Type)
        {
            Add(path, $"One is a {look.EntryType}, the other a {otherLook.EntryType}.");
            return;
        }
        if (!path.IsEmpty) // The roots are named by path, and only names in an open folder can be asked for all attributes.
        {
            CompareAttributes(path, attributes.Read(folder, name, look, out _), attributes.Read(otherFolder, otherName, otherLook, out _));
        }
        if (look.IsDirectory)
        {
            CompareFolders(path, folder, name, otherFolder, otherName);
        }
        else if (IsFirstName(path, look, otherLook) && look.IsFile)
        {
            CompareContent(path, folder, name, otherFolder, otherName);
        }
    }

    private void CompareAttributes(EntryPath path, EntryAttributes one, EntryAttributes other)
    {
        Expect(path, "Permissions", Convert.ToString((int)one.Permissions, 8), Convert.ToString((int)other.Permissions, 8));
        Expect(path, "Owners", $"{one.Uid}:{one.Gid}", $"{other.Uid}:{other.Gid}");
        Expect(path, "Modification times", one.ModifiedAt, other.ModifiedAt);
        Expect(path, "Sizes", one.SizeBytes, other.SizeBytes);
        Expect(path, "Device numbers", one.Device, other.Device);
        Expect(path, "Link targets", Shown(one.LinkTarget), Shown(other.LinkTarget));
        Expect(path, "Extended attributes", Shown(one.ExtendedAttributes), Shown(other.ExtendedAttributes));
    }

    private void CompareFolders(EntryPath path, int folder, ReadOnlySpan<byte> name, int otherFolder, ReadOnlySpan<byte> otherName)
    {
        using var open = Open(path, folder, name, Libc.OpenDirectory);
        using var otherOpen = Open(path, otherFolder, otherName, Libc.OpenDirectory);
        var names = DirectoryNames.Read(open.Number, buffer, out _);
        var otherNames = DirectoryNames.Read(otherOpen.Number, buffer, out _);
        for (int i = 0, j = 0; i < names.Count || j < otherNames.Count;)
        {
            var order = i == names.Count ? 1 : j == otherNames.Count ? -1 : names[i].SequenceCompareTo(otherNames[j]);
            if (order < 0)
            {
                Add(path.Append(names[i++][..^1]), "It is missing in the second.");
            }
            else if (order > 0)
            {
                Add(path.Append(otherNames[j++][..^1]), "It is missing in the first.");
            }
            else
            {
                CompareEntry(path.Append(names[i][..^1]), open.Number, names[i++], otherOpen.Number, otherNames[j++]);
            }
        }
    }

    /// <summary>
    /// Whether this is the first name of its file on both sides; a later name must be a later name of the same file on both.
    /// </summary>
    private bool IsFirstName(EntryPath path, in LibcStatx look, in LibcStatx otherLook)
    {
        if (look.Links == 1 && otherLook.Links == 1)
        {
            return true;
        }
        var isFirst = firstNames.TryAdd((look.Device, look.Inode), path);
        var isOtherFirst = otherFirstNames.TryAdd((otherLook.Device, otherLook.Inode), path);
        Expect(path, "Hard links", firstNames[(look.Device, look.Inode)], otherFirstNames[(otherLook.Device, otherLook.Inode)]);
        return isFirst || isOtherFirst;
    }

    private void CompareContent(EntryPath path, int folder, ReadOnlySpan<byte> name, int otherFolder, ReadOnlySpan<byte> otherName)
    {
        using var stream = Content(path, folder, name);
        using var otherStream = Content(path, otherFolder, otherName);
        for (long position = 0; ;)
        {
            var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            var otherRead = otherStream.ReadAtLeast(otherBuffer, otherBuffer.Length, throwOnEndOfStream: false);
            var same = buffer.AsSpan(0, read).CommonPrefixLength(otherBuffer.AsSpan(0, otherRead));
            if (same != read || same != otherRead)
            {
                Add(path, $"The content differs from byte {position + same} on.");
                return;
            }
            if (read == 0)
            {
                return;
            }
            position += read;
        }
    }

    private static FileContentStream Content(EntryPath path, int folder, ReadOnlySpan<byte> name)
    {
        var descriptor = Open(path, folder, name, Libc.OpenNonBlocking);
        _ = LibcFiles.Stat(descriptor.Number, out var look);
        return new FileContentStream(
            descriptor,
            look,
            look,
            () => { },
            error => new SourceException(SourceError.EntryUnreadable, $"\"{path}\" cannot be read: {LibcError.Describe(error)}."));
    }

    private static LibcDescriptor Open(EntryPath path, int folder, ReadOnlySpan<byte> name, int flags)
    {
        var number = LibcFiles.OpenQuietly(folder, name, flags | Libc.OpenNoFollow);
        return number >= 0
            ? new LibcDescriptor(number)
            : throw new SourceException(SourceError.EntryUnreadable, $"\"{path}\" cannot be opened: {LibcError.Describe(-number)}.");
    }

    private static LibcStatx Look(EntryPath path, int folder, ReadOnlySpan<byte> name)
    {
        var error = -LibcFiles.Stat(folder, name, out var look);
        return error == 0
            ? look
            : throw new SourceException(SourceError.EntryUnreadable, $"\"{path}\" cannot be looked at: {LibcError.Describe(error)}.");
    }

    private static string Shown(ReadOnlyMemory<byte>? target) => target is { } bytes ? Convert.ToHexStringLower(bytes.Span) : "";

    private static string Shown(IReadOnlyList<EntryExtendedAttribute> extended) =>
        string.Join(", ", extended.Select(one => $"{one.Name}={Convert.ToHexStringLower(one.Value.Span)}"));

    private void Expect<T>(EntryPath path, string what, T one, T other)
    {
        if (!EqualityComparer<T>.Default.Equals(one, other))
        {
            Add(path, $"{what} differ: {one} and {other}.");
        }
    }

    private void Add(EntryPath path, string reason) => differences.Add(new FileTreeDifference(path, reason));
}
