using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>Finds who has a file open, as far as /proc shows it: all processes for root, one's own otherwise.</summary>
internal static class FileHolders
{
    /// <returns>Processes for people, such as <c>python3 (process 4711)</c>.</returns>
    public static List<string> Find(string path, bool exceptThisProcess = false)
    {
        var file = LibcPath.ReadAttributes(path);
        var own = $"/proc/{Environment.ProcessId}";
        var holders = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(name => char.IsAsciiDigit(Path.GetFileName(name)[0])))
        {
            if (!(exceptThisProcess && process == own) && HasOpen(process, file))
            {
                holders.Add($"{ReadName(process)} (process {Path.GetFileName(process)})");
            }
        }
        return holders;
    }

    /// <summary>
    /// Looks again until nobody has it open or the time is up. A process that we are just starting has all our files until it becomes its
    /// program.
    /// </summary>
    public static async Task<List<string>> WaitUntilNoneAsync(
        string path, TimeSpan atMost, TimeProvider clock, bool exceptThisProcess = false)
    {
        var started = clock.GetTimestamp();
        var holders = Find(path, exceptThisProcess);
        while (holders.Count > 0 && clock.GetElapsedTime(started) < atMost)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, CancellationToken.None);
            holders = Find(path, exceptThisProcess);
        }
        return holders;
    }

    // By inode, not by name: in a container the same file has another path.
    private static bool HasOpen(string process, EntryAttributes file)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(process + "/fd").Any(descriptor => LeadsTo(descriptor, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // Another user's process, or one that has just ended.
        }
    }

    private static bool LeadsTo(string descriptor, EntryAttributes file)
    {
        try
        {
            var opened = LibcPath.ReadAttributes(descriptor);
            return opened.Inode == file.Inode && opened.DeviceId == file.DeviceId;
        }
        catch (IOException)
        {
            return false; // Closed meanwhile.
        }
    }

    private static string ReadName(string process)
    {
        try
        {
            return File.ReadAllText(process + "/comm").Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "a program";
        }
    }
}
