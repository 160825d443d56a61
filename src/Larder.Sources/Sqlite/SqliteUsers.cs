using Larder.Sources.Exchanges;

namespace Larder.Sources.Sqlite;

/// <summary>Who uses a database now.</summary>
public static class SqliteUsers
{
    /// <summary>
    /// The programs that have it open, for people, as far as /proc shows it. While there are any, it is not replaced. A symlink is
    /// followed.
    /// </summary>
    public static IReadOnlyList<string> Find(string path)
    {
        try
        {
            path = LivePath.Resolve(path);
            return File.Exists(path) ? FileHolders.Find(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
