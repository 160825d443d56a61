using System.Globalization;
using System.Runtime.InteropServices;
using Larder.Sources.Native;

namespace Larder.Sources.Tools;

/// <summary>The processes that a program started, ended together. Its number is the program's process id.</summary>
internal sealed class ProcessGroup(int id)
{
    private const int Terminate = 15;
    private const int Kill = 9;

    private volatile bool gone;

    public int Id => id;

    /// <summary>To be called when the program has exited. An empty group's number may be given away, so it is signalled no more.</summary>
    public void NoteExit() => gone |= !Signal(0);

    /// <summary>
    /// Whether every process of it is gone or dead. A dead one that its parent has not fetched yet can be signalled still, and some
    /// containers' first process takes a second to fetch it; it holds nothing open and does nothing any more.
    /// </summary>
    public bool IsEmpty => gone || !Signal(0) || !HasLiving();

    public void AskToEnd() => Signal(Terminate);

    public void End() => Signal(Kill);

    /// <summary>How a shell reports status and signal, in words.</summary>
    public static string DescribeStatus(int status) => status > 128 && status <= 128 + 64
        ? string.Create(CultureInfo.InvariantCulture, $"was ended by signal {status - 128}{NameSignal(status - 128)} (status {status})")
        : string.Create(CultureInfo.InvariantCulture, $"ended with exit status {status}");

    private static string NameSignal(int signal) => signal switch
    {
        1 => ", SIGHUP",
        2 => ", SIGINT",
        6 => ", SIGABRT",
        9 => ", SIGKILL",
        11 => ", SIGSEGV",
        13 => ", SIGPIPE",
        15 => ", SIGTERM",
        _ => "",
    };

    private bool HasLiving() => Directory.EnumerateDirectories("/proc")
        .Any(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _) && IsLiving(folder));

    /// <summary>The line is <c>pid (name) state parent group …</c>; the name may hold anything.</summary>
    private bool IsLiving(string folder)
    {
        try
        {
            var line = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = line[(line.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields is [not ("Z" or "X"), _, var group, ..] && int.Parse(group, CultureInfo.InvariantCulture) == id;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has gone meanwhile, or is somebody else's.
        }
    }

    private bool Signal(int signal)
    {
        if (gone)
        {
            return false;
        }
        if (Libc.SendSignal(-id, signal) == 0)
        {
            return true;
        }
        // Just started: setsid has not made the group yet, but the process is there.
        return Marshal.GetLastPInvokeError() != LibcError.NoSuchProcess || (signal != 0 && Libc.SendSignal(id, signal) == 0);
    }
}
