using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Larder.Repository.Native;

/// <summary>
/// The few system calls that durable files need and .NET does not offer. Every call answers 0 or the errno, so that the caller can tell
/// "not there" from "not allowed". Where nothing else is said, the flag values are those that Linux gives x86-64 and arm64 alike.
/// </summary>
internal static partial class Posix
{
    private const int NoProcess = 3;
    public const int NoEntry = 2, Interrupted = 4, InputOutput = 5, Again = 11, AccessDenied = 13, Busy = 16, Exists = 17, Invalid = 22;
    public const int NoSpace = 28, NotImplemented = 38, NotSupported = 95, TimedOut = 110, Stale = 116, Quota = 122;

    private const int CurrentFolder = -100;
    private const int ReadOnlyFlag = 0, WriteOnlyFlag = 1, CreateFlag = 0x40, ExclusiveFlag = 0x80, CloseOnExecFlag = 0x80000;
    private const int GetFlags = 3, SetFlags = 4;
    private const uint RenameNoReplace = 1;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int FileTypeMask = 0xF000, RegularFile = 0x8000, Folder = 0x4000;

    // O_DIRECT is one of the few flags that arm numbers otherwise.
    private static int DirectFlag => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x10000 : 0x4000;

    /// <summary>What statx(2) says of a file.</summary>
    internal readonly record struct FileStatus(
        long LengthBytes, uint LinkCount, bool IsRegularFile, bool IsFolder, DateTimeOffset ModifiedAt);

    /// <summary>Opens for reading. The handle is the caller's.</summary>
    public static int OpenToRead(string path, out SafeFileHandle handle) =>
        Open(path, ReadOnlyFlag | CloseOnExecFlag, 0, out handle);

    /// <summary>Makes a file that did not exist, writable through this handle only: mode 0400. The handle is the caller's.</summary>
    public static int CreateReadOnlyFile(string path, out SafeFileHandle handle) =>
        Open(path, WriteOnlyFlag | CreateFlag | ExclusiveFlag | CloseOnExecFlag, 0x100 /* 0400 */, out handle);

    /// <summary>
    /// Lets a file's writes go past the page cache, or through it again. From then on addresses, lengths and offsets must be multiples of
    /// the file system's block.
    /// </summary>
    public static int SetDirect(SafeFileHandle handle, bool isDirect)
    {
        var flags = Control(handle, GetFlags, 0);
        return flags < 0 ? Result(flags) : Result(Control(handle, SetFlags, isDirect ? flags | DirectFlag : flags & ~DirectFlag));
    }

    /// <summary>Makes a folder of mode 0700.</summary>
    public static int CreateFolder(string path) => Result(MakeDirectory(path, 0x1C0 /* 0700 */));

    public static int Delete(string path) => Result(Unlink(path));

    public static int Flush(SafeFileHandle handle)
    {
        int errno;
        do
        {
            errno = Result(Sync(handle));
        }
        while (errno == Interrupted);
        return errno;
    }

    /// <summary>Makes the names in a folder durable. A file system that cannot do that for folders (CIFS) is taken at its word.</summary>
    public static int FlushFolder(string path)
    {
        var errno = OpenToRead(path, out var handle);
        if (errno != 0)
        {
            return errno;
        }
        using (handle)
        {
            errno = Flush(handle);
        }
        return errno is Invalid or NotSupported ? 0 : errno;
    }

    /// <summary>Gives a file its final name, and fails with <see cref="Exists"/> rather than replace another file of that name.</summary>
    public static int RenameWithoutReplacing(string from, string to)
    {
        var errno = TryRenameAt2(from, to);
        // NFS and some FUSE file systems know no RENAME_NOREPLACE. A second link fails just as atomically when the name is taken.
        return errno is Invalid or NotImplemented or NotSupported ? LinkThenDelete(from, to) : errno;
    }

    /// <summary>The same promise where renameat2 is not to be had.</summary>
    internal static int LinkThenDelete(string from, string to)
    {
        var errno = Result(Link(from, to));
        if (errno == 0)
        {
            Unlink(from); // The final name stands; a temporary name that stays is a leftover and no failure.
        }
        return errno;
    }

    public static int Status(string path, out FileStatus status)
    {
        Span<byte> buffer = stackalloc byte[256];
        var errno = Result(StatX(CurrentFolder, path, 0, BasicStats, ref MemoryMarshal.GetReference(buffer)));
        status = errno == 0 ? Read(buffer) : default;
        return errno;
    }

    public static int Status(SafeFileHandle handle, out FileStatus status)
    {
        Span<byte> buffer = stackalloc byte[256];
        var errno = Result(StatXOfHandle(handle, "", EmptyPath, BasicStats, ref MemoryMarshal.GetReference(buffer)));
        status = errno == 0 ? Read(buffer) : default;
        return errno;
    }

    /// <summary>Whether a process runs, whosever it is. kill(2) with no signal only asks; /proc may hide the processes of others.</summary>
    public static bool ProcessExists(int processId) => Result(Kill(processId, 0)) != NoProcess;

    /// <summary>The system's words for an errno: "No space left on device".</summary>
    public static string Words(int errno) => new Win32Exception(errno).Message;

    // struct statx has the same layout on every architecture: nlink at 16, mode at 28, size at 40, mtime (seconds, nanoseconds) at 112.
    private static FileStatus Read(ReadOnlySpan<byte> buffer)
    {
        var type = MemoryMarshal.Read<ushort>(buffer[28..]) & FileTypeMask;
        var modifiedAt = DateTimeOffset.UnixEpoch
            .AddSeconds(MemoryMarshal.Read<long>(buffer[112..]))
            .AddTicks(MemoryMarshal.Read<uint>(buffer[120..]) / 100);
        var linkCount = MemoryMarshal.Read<uint>(buffer[16..]);
        return new FileStatus(MemoryMarshal.Read<long>(buffer[40..]), linkCount, type == RegularFile, type == Folder, modifiedAt);
    }

    private static int Open(string path, int flags, uint mode, out SafeFileHandle handle)
    {
        int descriptor, errno;
        do
        {
            descriptor = OpenFile(path, flags, mode);
            errno = Result(descriptor);
        }
        while (errno == Interrupted);
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
        return errno;
    }

    private static int TryRenameAt2(string from, string to)
    {
        try
        {
            return Result(RenameAt2(CurrentFolder, from, CurrentFolder, to, RenameNoReplace));
        }
        catch (EntryPointNotFoundException)
        {
            return NotImplemented; // A C library older than the call.
        }
    }

    private static int Result(int answer) => answer < 0 ? Marshal.GetLastPInvokeError() : 0;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    // Variadic in C; with fixed arguments it is the same call on x86-64 and arm64 Linux.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle handle, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte buffer);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatXOfHandle(SafeFileHandle handle, string path, int flags, uint mask, ref byte buffer);
}
