using System.Text;
using Larder.Sources.Native;
using Microsoft.Win32.SafeHandles;

namespace Larder.Sources.Throwaway;

/// <summary>What stands in a restored tree, whatever bytes its name is made of.</summary>
public static class RestoredFile
{
    /// <summary>What has this path, by itself and not where it leads; null for nothing.</summary>
    public static EntryType? Find(string root, EntryPath path) =>
        LibcFiles.Stat(Libc.AtFdCwd, FullPath(root, path), out var look) == 0 ? look.EntryType : null;

    /// <summary>Opens a file; null where it cannot be opened.</summary>
    public static FileStream? TryOpen(string root, EntryPath path)
    {
        var number = LibcFiles.Open(Libc.AtFdCwd, FullPath(root, path), Libc.OpenReadOnly | Libc.OpenNoFollow);
        return number < 0 ? null : new FileStream(new SafeFileHandle(number, ownsHandle: true), FileAccess.Read, bufferSize: 0);
    }

    private static byte[] FullPath(string root, EntryPath path) =>
        LibcFiles.Terminate([.. Encoding.UTF8.GetBytes(root.TrimEnd('/')), (byte)'/', .. path.Bytes]);
}
