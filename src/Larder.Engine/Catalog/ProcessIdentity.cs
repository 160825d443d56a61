using System.Globalization;

namespace Larder.Engine.Catalog;

/// <summary>
/// Which process it is, for good: process numbers are given again, so the moment of its start (clock ticks since boot) and the boot
/// itself belong to it.
/// </summary>
/// <param name="BootId">Null where the system does not tell.</param>
/// <param name="StartTicks">Field 22 of <c>/proc/PID/stat</c>; null where the system does not tell.</param>
public sealed record ProcessIdentity(string Host, int Pid, string? BootId, long? StartTicks)
{
    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId);

    /// <summary>A process of this host that runs now.</summary>
    public static ProcessIdentity Of(int pid) => new(Environment.MachineName, pid, ReadBootId(), ReadStartTicks(pid));

    /// <summary>Whether it certainly runs no more. A process on another host is out of sight, and the answer is no.</summary>
    public bool IsDead()
    {
        if (Host != Environment.MachineName)
        {
            return false;
        }
        if (BootId is not null && ReadBootId() is { } boot && boot != BootId)
        {
            return true;
        }
        return StartTicks is { } ticks ? ReadStartTicks(Pid) != ticks : !Runs(Pid);
    }

    private static string? ReadBootId()
    {
        const string File = "/proc/sys/kernel/random/boot_id";
        return System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Trim() : null;
    }

    private static long? ReadStartTicks(int pid)
    {
        try
        {
            // The second field is the program's name in brackets and may hold spaces and brackets: count from the last one.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

            // A zombie holds its number, but does nothing any more.
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool Runs(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
