using System.Globalization;
using System.Text;

namespace Larder.Sources.MySql;

/// <summary>
/// The files of a dump: one folder for each database, and in it, in the order in which the client must read them,
/// <c>1-database.sql</c>, <c>2-tables.sql</c>, <c>3-rows-TABLE.sql</c> for each table and <c>4-after.sql</c>; beside the folders
/// <c>users.sql</c>.
/// </summary>
internal static class DumpNames
{
    public const string Users = "users.sql";
    public const string Database = "1-database.sql";
    public const string After = "4-after.sql";
    private const string RowsPrefix = "3-rows-";
    private const string TablesPrefix = "2-tables";
    private const string Suffix = ".sql";

    /// <summary>Definitions go on in a further file where one would be too large to be held.</summary>
    public static string Tables(int number) =>
        number == 1 ? TablesPrefix + Suffix : string.Create(CultureInfo.InvariantCulture, $"{TablesPrefix}-{number}{Suffix}");

    public static bool IsTables(string file) => file.StartsWith(TablesPrefix, StringComparison.Ordinal);

    public static string Rows(string table) => RowsPrefix + Escape(table) + Suffix;

    /// <summary>The table whose rows a file holds; null for other files.</summary>
    public static string? TableOf(string file) =>
        file.StartsWith(RowsPrefix, StringComparison.Ordinal) && file.EndsWith(Suffix, StringComparison.Ordinal)
            ? Uri.UnescapeDataString(file[RowsPrefix.Length..^Suffix.Length])
            : null;

    /// <summary>
    /// A name as a file's name: what a path cannot hold, the sign of escaping and control characters are percent-encoded, and so is a dot
    /// in front.
    /// </summary>
    public static string Escape(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var character in name)
        {
            if (character is '/' or '%' or < ' ' or '\x7f' || (character == '.' && text.Length == 0))
            {
                text.Append(CultureInfo.InvariantCulture, $"%{(int)character:X2}");
            }
            else
            {
                text.Append(character);
            }
        }
        return text.ToString();
    }

    public static string Unescape(string name) => Uri.UnescapeDataString(name);
}
