using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Sources.Native;

/// <summary>The few calls on a path, taken as text, that .NET does not have. They fail with the exceptions that .NET's own would.</summary>
internal static class LibcPath
{
    private const int MayRead = 4;

    /// <summary>False only when nothing is there; a name that may not be looked up counts as there.</summary>
    public static bool IsThere(string path) =>
        Libc.Access(path, 0) == 0 || Marshal.GetLastPInvokeError() is not (LibcError.NotFound or LibcError.NotDirectory);

    public static bool IsReadable(string path) => Libc.Access(path, MayRead) == 0;

    /// <summary>What the file system knows of the file that the path leads to; symlinks are followed.</summary>
    public static EntryAttributes ReadAttributes(string path)
    {
        var error = LibcFiles.StatTarget(Libc.AtFdCwd, Terminated(path), out var look);
        return error == 0 ? look.ToAttributes() : throw Failure(-error, $"The attributes of {path} cannot be read");
    }

    /// <summary>Looks at the name itself, never where a symlink leads. False where nothing is.</summary>
    public static bool TryLook(string path, out LibcStatx look)
    {
        var error = -LibcFiles.Stat(Libc.AtFdCwd, Terminated(path), out look);
        return error == 0
            || (error is LibcError.NotFound or LibcError.NotDirectory ? false : throw Failure(error, $"{path} cannot be looked at"));
    }

    public static void SetOwner(string path, uint uid, uint gid)
    {
        var error = LibcFiles.ChangeOwnerOfTarget(Libc.AtFdCwd, Terminated(path), uid, gid);
        if (error != 0)
        {
            throw Failure(-error, $"The owner of {path} cannot be set");
        }
    }

    /// <summary>Gives a file an owner and permissions, and brings it to disk. Through no symlink at the end of the path.</summary>
    public static void SetOwnerAndMode(string path, uint uid, uint gid, uint permissions)
    {
        const int flags = Libc.OpenReadOnly | Libc.OpenNonBlocking;
        using var file = new LibcDescriptor(LibcFiles.Open(Libc.AtFdCwd, Terminated(path), flags | Libc.OpenNoFollow));
        if (file.IsInvalid)
        {
            throw Failure(-file.Number, $"{path} cannot be opened");
        }
        var error = -LibcFiles.Stat(file.Number, out var look);
        if (error == 0 && (look.Uid, look.Gid) != (uid, gid))
        {
            error = -LibcFiles.ChangeOwner(file.Number, uid, gid);
        }
        error = error != 0 ? error : -LibcFiles.ChangeMode(file.Number, permissions); // After the owner: chown clears some bits.
        error = error != 0 ? error : -LibcFiles.Sync(file.Number);
        if (error != 0)
        {
            throw Failure(error, $"The owner and permissions of {path} cannot be set");
        }
    }

    /// <summary>Renames within a folder and never over something that is there.</summary>
    public static void Rename(string from, string to)
    {
        var error = LibcFiles.Rename(Libc.AtFdCwd, Terminated(from), Terminated(to), replace: false);
        if (IsUnsupported(-error))
        {
            // A file system without the flag. A rename that may replace would also replace an empty folder.
            error = IsThere(to) ? -LibcError.Exists : LibcFiles.Rename(Libc.AtFdCwd, Terminated(from), Terminated(to), replace: true);
        }
        if (error != 0)
        {
            throw Failure(-error, $"{from} cannot be renamed to {to}");
        }
    }

    /// <summary>Exchanges two names at one moment. False where the file system cannot.</summary>
    public static bool TryExchange(string first, string second)
    {
        var error = LibcFiles.Exchange(Libc.AtFdCwd, Terminated(first), Terminated(second));
        return error == 0 || (IsUnsupported(-error) ? false : throw Failure(-error, $"{first} and {second} cannot be exchanged"));
    }

    /// <summary>Makes a file's content durable.</summary>
    public static void Flush(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void FlushFolder(string folder)
    {
        using var descriptor = new LibcDescriptor(LibcFiles.Open(Libc.AtFdCwd, Terminated(folder), Libc.OpenReadOnly));
        if (descriptor.IsInvalid)
        {
            throw Failure(-descriptor.Number, $"The folder {folder} cannot be opened");
        }
        var error = LibcFiles.Sync(descriptor.Number);
        if (error is not (0 or -LibcError.Invalid)) // Some file systems know no flush of a folder.
        {
            throw Failure(-error, $"The folder {folder} cannot be flushed");
        }
    }

    private static bool IsUnsupported(int error) => error is LibcError.Invalid or LibcError.NotImplemented or LibcError.NotSupported;

    private static byte[] Terminated(string path) => LibcFiles.Terminate(Encoding.UTF8.GetBytes(path));

    private static Exception Failure(int error, string what)
    {
        var message = $"{what}: {LibcError.Describe(error)}.";
        return error is LibcError.NotPermitted or LibcError.AccessDenied
            ? new UnauthorizedAccessException(message)
            : new IOException(message, new Win32Exception(error));
    }
}
