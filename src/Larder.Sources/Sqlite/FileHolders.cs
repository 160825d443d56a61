namespace Larder.Sources.Sqlite;

/// <summary>Finds who has a file open, as far as /proc shows it: all processes for root, one's own otherwise.</summary>
internal static class FileHolders
{
    /// <returns>Processes for people, such as <c>python3 (process 4711)</c>.</returns>
    public static List<string> Find(string path)
    {
        var full = Path.GetFullPath(path);
        var holders = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(name => char.IsAsciiDigit(Path.GetFileName(name)[0])))
        {
            if (HasOpen(process, full))
            {
                holders.Add($"{ReadName(process)} (process {Path.GetFileName(process)})");
            }
        }
        return holders;
    }

    private static bool HasOpen(string process, string path)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(process + "/fd").Any(descriptor => new FileInfo(descriptor).LinkTarget == path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // Another user's process, or one that has just ended.
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
