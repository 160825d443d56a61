namespace Larder.Sources.Sqlite;

/// <summary>
/// The files beside a database that SQLite applies to it by their name alone. Left beside another database they would destroy it.
/// </summary>
public static class Companions
{
    private static readonly string[] Suffixes = ["-journal", "-wal", "-shm"];

    public static IEnumerable<string> Of(string database) => Suffixes.Select(suffix => database + suffix);

    /// <summary>Of those that are there, what comes after the database's name.</summary>
    public static List<string> SuffixesBeside(string database) => [.. Suffixes.Where(suffix => File.Exists(database + suffix))];
}
