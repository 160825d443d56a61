using System.Text;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// The folder of a database inside the source. Its name is the database's, but a database may be called anything, so <c>/</c>, <c>%</c> and
/// the names that mean something else are written as in a URL (<c>%2F</c>).
/// </summary>
public static class DatabaseFolder
{
    /// <summary>The file of roles and tablespaces, beside the databases' folders.</summary>
    public const string GlobalsFile = "globals.sql";

    public const string TocFile = "toc.dat";

    public static string Encode(string database) => database is "." or ".." or GlobalsFile
        ? database.Replace(".", "%2E", StringComparison.Ordinal)
        : new StringBuilder(database).Replace("%", "%25").Replace("/", "%2F").ToString();

    public static string Decode(string folder) =>
        new StringBuilder(folder).Replace("%2F", "/").Replace("%2E", ".").Replace("%25", "%").ToString();
}
