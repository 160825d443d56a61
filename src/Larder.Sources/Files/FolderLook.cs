using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>What stands in a folder that is to be filled. Nothing is changed by looking.</summary>
public sealed class FolderLook : IDisposable
{
    private readonly LibcDescriptor folder;
    private readonly DirectoryNames names;

    private FolderLook(LibcDescriptor folder)
    {
        this.folder = folder;
        names = DirectoryNames.Read(folder.Number, new byte[4096], out _);
    }

    public int Count => names.Count;

    /// <param name="root">An absolute path, which may lead through symlinks.</param>
    /// <param name="path">Below it, where no symlink is followed at its end.</param>
    /// <returns>Null where there is no folder that can be read.</returns>
    public static FolderLook? TryOpen(string root, EntryPath path)
    {
        var full = path.IsEmpty ? Encoding.UTF8.GetBytes(root) : [.. Encoding.UTF8.GetBytes(root.TrimEnd('/')), (byte)'/', .. path.Bytes];
        var flags = Libc.OpenDirectory | (path.IsEmpty ? 0 : Libc.OpenNoFollow);
        var number = LibcFiles.OpenQuietly(Libc.AtFdCwd, LibcFiles.Terminate(full), flags);
        return number < 0 ? null : new FolderLook(new LibcDescriptor(number));
    }

    /// <summary>What has this name in the folder, by itself and not where it leads; null for nothing.</summary>
    public EntryType? Find(ReadOnlySpan<byte> name)
    {
        var (low, high) = (0, names.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = names[middle][..^1].SequenceCompareTo(name);
            if (order == 0)
            {
                return LibcFiles.Stat(folder.Number, names[middle], out var look) == 0 ? look.EntryType : null;
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return null;
    }

    public void Dispose() => folder.Dispose();
}
