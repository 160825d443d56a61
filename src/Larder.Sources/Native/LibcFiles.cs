using System.Runtime.InteropServices;

namespace Larder.Sources.Native;

/// <summary>
/// File calls that return what they did or, below zero, the negated error number: on a live system a vanished file is no exception.
/// Every name is a span that ends with its NUL. Calls broken off by a signal are begun again.
/// </summary>
internal static unsafe class LibcFiles
{
    public static int Open(int directory, ReadOnlySpan<byte> name, int flags, uint mode = 0)
    {
        fixed (byte* path = Terminated(name))
        {
            while (true)
            {
                var descriptor = Libc.OpenAt(directory, path, flags | Libc.OpenCloseOnExec, mode);
                if (descriptor >= 0)
                {
                    return descriptor;
                }
                var error = Marshal.GetLastPInvokeError();
                if (error != LibcError.Interrupted)
                {
                    return -error;
                }
            }
        }
    }

    /// <summary>Opens for reading without touching the access time, where the kernel lets us: for owners and root.</summary>
    public static int OpenQuietly(int directory, ReadOnlySpan<byte> name, int flags)
    {
        var descriptor = Open(directory, name, flags | Libc.OpenNoAccessTime);
        return descriptor == -LibcError.NotPermitted ? Open(directory, name, flags) : descriptor;
    }

    /// <summary>Looks at a name, never at what a symlink points to.</summary>
    public static int Stat(int directory, ReadOnlySpan<byte> name, out LibcStatx result)
    {
        fixed (byte* path = Terminated(name))
        fixed (LibcStatx* pointer = &result)
        {
            const int noAutomount = 0x800;
            return Libc.StatX(directory, path, Libc.AtSymlinkNoFollow | noAutomount, LibcStatx.BasicMask, pointer) == 0 ? 0 : Failure();
        }
    }

    /// <summary>Looks at what the path leads to, symlinks followed.</summary>
    public static int StatTarget(int directory, ReadOnlySpan<byte> path, out LibcStatx result)
    {
        fixed (byte* pathBytes = Terminated(path))
        fixed (LibcStatx* pointer = &result)
        {
            return Libc.StatX(directory, pathBytes, 0, LibcStatx.BasicMask, pointer) == 0 ? 0 : Failure();
        }
    }

    public static int Stat(int descriptor, out LibcStatx result)
    {
        fixed (byte* path = "\0"u8)
        fixed (LibcStatx* pointer = &result)
        {
            const int emptyPath = 0x1000;
            return Libc.StatX(descriptor, path, emptyPath, LibcStatx.BasicMask, pointer) == 0 ? 0 : Failure();
        }
    }

    public static int Read(int descriptor, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            while (true)
            {
                var read = Libc.Read(descriptor, pointer, (nuint)buffer.Length);
                if (read >= 0)
                {
                    return (int)read;
                }
                var error = Marshal.GetLastPInvokeError();
                if (error != LibcError.Interrupted)
                {
                    return -error;
                }
            }
        }
    }

    /// <summary>Writes everything. Returns 0.</summary>
    public static int WriteAt(int descriptor, ReadOnlySpan<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            fixed (byte* pointer = buffer)
            {
                var written = Libc.WriteAt(descriptor, pointer, (nuint)buffer.Length, offset);
                if (written < 0)
                {
                    var error = Marshal.GetLastPInvokeError();
                    if (error == LibcError.Interrupted)
                    {
                        continue;
                    }
                    return -error;
                }
                buffer = buffer[(int)written..];
                offset += written;
            }
        }
        return 0;
    }

    public static int GetDirectoryEntries(int directory, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            var read = Libc.GetDirectoryEntries(directory, pointer, (nuint)buffer.Length);
            return read >= 0 ? (int)read : Failure();
        }
    }

    public static int ReadLink(int directory, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        fixed (byte* path = Terminated(name))
        fixed (byte* pointer = buffer)
        {
            var read = Libc.ReadLinkAt(directory, path, pointer, (nuint)buffer.Length);
            return read >= 0 ? (int)read : Failure();
        }
    }

    public static int ListExtendedAttributes(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        fixed (byte* pointer = Terminated(path))
        fixed (byte* list = buffer)
        {
            var read = Libc.ListExtendedAttributes(pointer, list, (nuint)buffer.Length);
            return read >= 0 ? (int)read : Failure();
        }
    }

    public static int GetExtendedAttribute(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        fixed (byte* pointer = Terminated(path))
        fixed (byte* nameBytes = Terminated(name))
        fixed (byte* value = buffer)
        {
            var read = Libc.GetExtendedAttribute(pointer, nameBytes, value, (nuint)buffer.Length);
            return read >= 0 ? (int)read : Failure();
        }
    }

    public static int SetExtendedAttribute(int descriptor, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* nameBytes = Terminated(name))
        fixed (byte* bytes = value)
        {
            return Outcome(Libc.SetExtendedAttribute(descriptor, nameBytes, bytes, (nuint)value.Length, 0));
        }
    }

    public static int SetExtendedAttribute(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* pointer = Terminated(path))
        fixed (byte* nameBytes = Terminated(name))
        fixed (byte* bytes = value)
        {
            return Outcome(Libc.SetExtendedAttribute(pointer, nameBytes, bytes, (nuint)value.Length, 0));
        }
    }

    public static int RemoveExtendedAttribute(int descriptor, ReadOnlySpan<byte> name)
    {
        fixed (byte* nameBytes = Terminated(name))
        {
            return Outcome(Libc.RemoveExtendedAttribute(descriptor, nameBytes));
        }
    }

    public static int MakeDirectory(int directory, ReadOnlySpan<byte> name, uint mode)
    {
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.MakeDirectoryAt(directory, path, mode));
        }
    }

    public static int MakeNode(int directory, ReadOnlySpan<byte> name, uint mode, ulong device)
    {
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.MakeNodeAt(directory, path, mode, device));
        }
    }

    public static int Symlink(ReadOnlySpan<byte> target, int directory, ReadOnlySpan<byte> name)
    {
        fixed (byte* targetBytes = Terminated(target))
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.SymlinkAt(targetBytes, directory, path));
        }
    }

    public static int Link(int oldDirectory, ReadOnlySpan<byte> oldName, int newDirectory, ReadOnlySpan<byte> newName)
    {
        fixed (byte* oldPath = Terminated(oldName))
        fixed (byte* newPath = Terminated(newName))
        {
            return Outcome(Libc.LinkAt(oldDirectory, oldPath, newDirectory, newPath, 0));
        }
    }

    public static int Unlink(int directory, ReadOnlySpan<byte> name, bool isDirectory = false)
    {
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.UnlinkAt(directory, path, isDirectory ? Libc.AtRemoveDir : 0));
        }
    }

    /// <summary>Both names lie in one directory.</summary>
    public static int Rename(int directory, ReadOnlySpan<byte> oldName, ReadOnlySpan<byte> newName, bool replace)
    {
        fixed (byte* oldPath = Terminated(oldName))
        fixed (byte* newPath = Terminated(newName))
        {
            return Outcome(Libc.RenameAt(directory, oldPath, directory, newPath, replace ? 0 : Libc.RenameNoReplace));
        }
    }

    /// <summary>Both names get each other's file, at one moment.</summary>
    public static int Exchange(int directory, ReadOnlySpan<byte> firstName, ReadOnlySpan<byte> secondName)
    {
        fixed (byte* firstPath = Terminated(firstName))
        fixed (byte* secondPath = Terminated(secondName))
        {
            return Outcome(Libc.RenameAt(directory, firstPath, directory, secondPath, Libc.RenameExchange));
        }
    }

    /// <summary>Renames from one directory to another, and never over something that is there.</summary>
    public static int Move(int oldDirectory, ReadOnlySpan<byte> oldName, int newDirectory, ReadOnlySpan<byte> newName)
    {
        fixed (byte* oldPath = Terminated(oldName))
        fixed (byte* newPath = Terminated(newName))
        {
            var outcome = Outcome(Libc.RenameAt(oldDirectory, oldPath, newDirectory, newPath, Libc.RenameNoReplace));

            // Some file systems know no rename that refuses to replace.
            return outcome == -LibcError.Invalid ? Outcome(Libc.RenameAt(oldDirectory, oldPath, newDirectory, newPath, 0)) : outcome;
        }
    }

    public static int ChangeOwner(int descriptor, uint uid, uint gid) => Outcome(Libc.ChangeOwner(descriptor, uid, gid));

    public static int ChangeOwner(int directory, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.ChangeOwnerAt(directory, path, uid, gid, Libc.AtSymlinkNoFollow));
        }
    }

    /// <summary>Of what the path leads to, symlinks followed.</summary>
    public static int ChangeOwnerOfTarget(int directory, ReadOnlySpan<byte> path, uint uid, uint gid)
    {
        fixed (byte* pathBytes = Terminated(path))
        {
            return Outcome(Libc.ChangeOwnerAt(directory, pathBytes, uid, gid, 0));
        }
    }

    public static int ChangeMode(int descriptor, uint mode) => Outcome(Libc.ChangeMode(descriptor, mode));

    public static int ChangeMode(int directory, ReadOnlySpan<byte> name, uint mode)
    {
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.ChangeModeAt(directory, path, mode, Libc.AtSymlinkNoFollow));
        }
    }

    public static int SetTimes(int descriptor, EntryTime accessed, EntryTime modified)
    {
        var times = stackalloc Libc.TimeSpec[2];
        times[0] = new Libc.TimeSpec { Seconds = accessed.Seconds, Nanoseconds = accessed.Nanoseconds };
        times[1] = new Libc.TimeSpec { Seconds = modified.Seconds, Nanoseconds = modified.Nanoseconds };
        return Outcome(Libc.SetTimes(descriptor, times));
    }

    public static int SetTimes(int directory, ReadOnlySpan<byte> name, EntryTime accessed, EntryTime modified)
    {
        var times = stackalloc Libc.TimeSpec[2];
        times[0] = new Libc.TimeSpec { Seconds = accessed.Seconds, Nanoseconds = accessed.Nanoseconds };
        times[1] = new Libc.TimeSpec { Seconds = modified.Seconds, Nanoseconds = modified.Nanoseconds };
        fixed (byte* path = Terminated(name))
        {
            return Outcome(Libc.SetTimesAt(directory, path, times, Libc.AtSymlinkNoFollow));
        }
    }

    public static long Seek(int descriptor, long offset, int whence)
    {
        var position = Libc.Seek(descriptor, offset, whence);
        return position >= 0 ? position : Failure();
    }

    public static int Truncate(int descriptor, long length) => Outcome(Libc.Truncate(descriptor, length));

    /// <summary>Reserves room on the disk without changing the file's length.</summary>
    public static int Reserve(int descriptor, long bytes)
    {
        const int keepSize = 1;
        return Outcome(Libc.Reserve(descriptor, keepSize, 0, bytes));
    }

    /// <summary>
    /// Lets a file's writes go past the page cache, or through it again. From then on addresses, lengths and offsets must be multiples of
    /// the file system's block.
    /// </summary>
    public static int SetDirect(int descriptor, bool isDirect)
    {
        const int getFlags = 3;
        const int setFlags = 4;
        var direct = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x10000 : 0x4000;
        var flags = Libc.Control(descriptor, getFlags, 0);
        return flags < 0 ? Failure() : Outcome(Libc.Control(descriptor, setFlags, isDirect ? flags | direct : flags & ~direct));
    }

    public static int Sync(int descriptor) => Outcome(Libc.Sync(descriptor));

    public static int SyncFileSystem(int descriptor) => Outcome(Libc.SyncFileSystem(descriptor));

    /// <summary>The name with a NUL behind it, for a call.</summary>
    public static byte[] Terminate(ReadOnlySpan<byte> name) => [.. name, 0];

    private static int Outcome(int result) => result == 0 ? 0 : Failure();

    private static int Failure() => -Marshal.GetLastPInvokeError();

    // A forgotten NUL would let the kernel read whatever lies behind the name.
    private static ReadOnlySpan<byte> Terminated(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && name[^1] == 0 ? name : throw new ArgumentException("The name does not end with a NUL.", nameof(name));
}
