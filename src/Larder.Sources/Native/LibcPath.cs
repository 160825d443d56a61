using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Larder.Sources.Sqlite;

/// <summary>The few POSIX calls on a database file that .NET does not have. <c>struct statx</c> and the flags are the same on every
///Linux.</summary>
internal static partial class DatabaseFile
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint BasicStats = 0x7FF;
    private const uint RenameNoReplace = 1;
    private const uint RenameExchange = 2;
    private const int ReadOnlyDirectoryCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC; O_DIRECTORY differs between machines and is not needed.
    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int NoFolder = 20;
    private const int InvalidArgument = 22;
    private const int NotImplemented = 38;
    private const int NotSupported = 95;

    /// <summary>False only when nothing is there; a name that may not be looked up counts as there.</summary>
    public static bool IsThere(string path) => Access(path, 0) == 0 || Marshal.GetLastPInvokeError() is not (NoEntry or NoFolder);

    public static bool IsReadable(string path) => Access(path, 4) == 0;

    /// <summary>What the file system knows of the file that the path leads to.</summary>
    public static EntryAttributes ReadAttributes(string path)
    {
        if (StatX(CurrentFolder, path, 0, BasicStats, out var stat) != 0)
        {
            throw LastError($"The attributes of {path} cannot be read");
        }
        return new EntryAttributes
        {
            Type = EntryType.File,
            Permissions = stat.Mode & 0xFFFu,
            Uid = stat.Uid,
            Gid = stat.Gid,
            ModifiedAt = new EntryTime(stat.ModifiedAt.Seconds, (int)stat.ModifiedAt.Nanoseconds),
            AccessedAt = new EntryTime(stat.AccessedAt.Seconds, (int)stat.AccessedAt.Nanoseconds),
            ChangedAt = new EntryTime(stat.ChangedAt.Seconds, (int)stat.ChangedAt.Nanoseconds),
            Inode = stat.Inode,
            DeviceId = ((ulong)stat.DeviceMajor << 32) | stat.DeviceMinor,
            Links = stat.Links,
            SizeBytes = stat.Size,
        };
    }

    public static void SetOwner(string path, uint uid, uint gid)
    {
        if (ChangeOwner(path, uid, gid) != 0)
        {
            throw LastError($"The owner of {path} cannot be set");
        }
    }

    /// <summary>Renames within a folder and never over something that is there.</summary>
    public static void Rename(string from, string to)
    {
        if (RenameAt(CurrentFolder, from, CurrentFolder, to, RenameNoReplace) == 0)
        {
            return;
        }
        if (!IsUnsupported(Marshal.GetLastPInvokeError()))
        {
            throw LastError($"{from} cannot be renamed to {to}");
        }
        File.Move(from, to); // A file system without the flag.
    }

    /// <summary>Exchanges two names at one moment. False where the file system cannot.</summary>
    public static bool TryExchange(string first, string second)
    {
        if (RenameAt(CurrentFolder, first, CurrentFolder, second, RenameExchange) == 0)
        {
            return true;
        }
        return IsUnsupported(Marshal.GetLastPInvokeError()) ? false : throw LastError($"{first} and {second} cannot be exchanged");
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
        var descriptor = OpenDescriptor(folder, ReadOnlyDirectoryCloseOnExec);
        if (descriptor < 0)
        {
            throw LastError($"The folder {folder} cannot be opened");
        }
        try
        {
            if (FlushDescriptor(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw LastError($"The folder {folder} cannot be flushed");
            }
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    private static bool IsUnsupported(int error) => error is InvalidArgument or NotImplemented or NotSupported;

    private static Exception LastError(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        var message = $"{what}: {Marshal.GetPInvokeErrorMessage(error)}.";
        return error is NotPermitted or 13 ? new UnauthorizedAccessException(message) : new IOException(message, new Win32Exception(error));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, out FileStat stat);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct FileStatTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    /// <summary><c>struct statx</c>, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStat
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(64)]
        public FileStatTime AccessedAt;

        [FieldOffset(96)]
        public FileStatTime ChangedAt;

        [FieldOffset(112)]
        public FileStatTime ModifiedAt;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
