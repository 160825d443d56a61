using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Removes a folder with all it contains, through no symlink and into no other file system that is mounted there.</summary>
internal static class FolderRemoval
{
    private const uint OwnerAll = 0x1C0; // 0700

    /// <summary>
    /// Returns 0 or an error number. As deep as folders go, so goes the recursion: a level costs a descriptor and about 200 bytes of
    /// stack.
    /// </summary>
    public static int Remove(int parent, ReadOnlySpan<byte> name)
    {
        var number = OpenFolder(parent, name);
        if (number == -LibcError.AccessDenied && LibcFiles.ChangeMode(parent, name, OwnerAll) == 0)
        {
            number = OpenFolder(parent, name);
        }
        using var folder = new LibcDescriptor(number);
        if (folder.IsInvalid)
        {
            return -folder.Number;
        }
        var error = -LibcFiles.Stat(folder.Number, out var look);
        if (error != 0 || (look.Traits & LibcStatx.MountRoot) != 0)
        {
            return error != 0 ? error : LibcError.Busy; // What is mounted there is not this folder's content.
        }
        var names = DirectoryNames.Read(folder.Number, new byte[4096], out error);
        var isOpened = false;
        for (var i = 0; i < names.Count && error == 0; i++)
        {
            error = RemoveAny(folder.Number, names[i]);
            if (error == LibcError.AccessDenied && !isOpened && LibcFiles.ChangeMode(folder.Number, OwnerAll) == 0)
            {
                isOpened = true; // A folder that its owner made read-only is the owner's to remove.
                error = RemoveAny(folder.Number, names[i]);
            }
        }
        return error != 0 ? error : -LibcFiles.Unlink(parent, name, isDirectory: true);
    }

    /// <summary>The same for a name that may be a file's too.</summary>
    public static int RemoveAny(int parent, ReadOnlySpan<byte> name)
    {
        var error = -LibcFiles.Unlink(parent, name);
        return error is LibcError.IsDirectory or LibcError.NotPermitted ? Remove(parent, name) : error;
    }

    private static int OpenFolder(int parent, ReadOnlySpan<byte> name) =>
        LibcFiles.Open(parent, name, Libc.OpenDirectory | Libc.OpenNoFollow);
}
