namespace Larder.Engine.Configuration;

/// <summary>A look at files that hold secrets, without opening them.</summary>
internal static class SecretFiles
{
    public static bool IsReadableByOthers(string path)
    {
        try
        {
            return !OperatingSystem.IsWindows() && File.Exists(path) && File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherRead);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether its folder can be seen and it is not in there. A folder that is closed to this user proves nothing.</summary>
    public static bool IsCertainlyMissing(string path)
    {
        var folder = Path.GetDirectoryName(path);
        return !File.Exists(path) && (folder is null || Directory.Exists(folder) || !Directory.Exists(Path.GetDirectoryName(folder)));
    }
}
