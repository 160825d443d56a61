using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Removes a folder with all it contains, through no symlink.</summary>
internal static class FolderRemoval
{
    /// <summary>
    /// Returns 0 or an error number. As deep as folders go, so goes the recursion: a level costs a descriptor and about 200 bytes of
    /// stack.
    /// </summary>
    public static int Remove(int parent, ReadOnlySpan<byte> name)
    {
        using var folder = new LibcDescriptor(LibcFiles.Open(parent, name, Libc.OpenDirectory | Libc.OpenNoFollow));
        if (folder.IsInvalid)
        {
            return -folder.Number;
        }
        var names = DirectoryNames.Read(folder.Number, new byte[4096], out var error);
        for (var i = 0; i < names.Count && error == 0; i++)
        {
            error = -LibcFiles.Unlink(folder.Number, names[i]);
            if (error is LibcError.IsDirectory or LibcError.NotPermitted)
            {
                error = Remove(folder.Number, names[i]);
            }
        }
        return error != 0 ? error : -LibcFiles.Unlink(parent, name, isDirectory: true);
    }
}
