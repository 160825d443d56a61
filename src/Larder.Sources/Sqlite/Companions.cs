using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// The files beside a database that SQLite applies to it by their name alone. Left beside another database they would destroy it.
/// </summary>
internal static class Companions
{
    private static readonly string[] Suffixes = ["-journal", "-wal", "-shm"];

    public static IEnumerable<string> Of(string database) => Suffixes.Select(suffix => database + suffix);

    /// <summary>Of those that are there, what comes after the database's name.</summary>
    public static List<string> SuffixesBeside(string database) => [.. Suffixes.Where(suffix => File.Exists(database + suffix))];

    /// <summary>Removes them, or moves them to where the old database goes if they may hold a part of it.</summary>
    /// <param name="target">The database.</param>
    /// <param name="kept">The name under which it will be kept.</param>
    /// <param name="targetIsWhole">Whether everything in it is in its one file.</param>
    public static void Remove(string target, string kept, bool targetIsWhole)
    {
        foreach (var suffix in Suffixes.Where(suffix => File.Exists(target + suffix)))
        {
            if (targetIsWhole)
            {
                File.Delete(target + suffix);
            }
            else
            {
                LibcPath.Rename(target + suffix, kept + suffix);
            }
        }
    }
}
