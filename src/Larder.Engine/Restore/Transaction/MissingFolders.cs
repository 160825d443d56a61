namespace Larder.Engine.Restore.Transaction;

/// <summary>The folders above a target that a restore has to make, and that go again with it.</summary>
internal static class MissingFolders
{
    /// <summary>The uppermost one that is missing; null where there is none.</summary>
    /// <param name="path">Absolute.</param>
    public static string? Uppermost(string path)
    {
        string? missing = null;
        for (var folder = Path.GetDirectoryName(path); folder is not null && !Path.Exists(folder); folder = Path.GetDirectoryName(folder))
        {
            missing = folder;
        }
        return missing;
    }

    /// <summary>Removes what is empty, from the target's folder up to the uppermost that was made.</summary>
    public static void RemoveEmpty(string path, string uppermost)
    {
        for (var folder = Path.GetDirectoryName(path); folder?.Length >= uppermost.Length; folder = Path.GetDirectoryName(folder))
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (DirectoryNotFoundException)
            {
                // It was not made yet.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return; // Somebody put something there.
            }
        }
    }
}
