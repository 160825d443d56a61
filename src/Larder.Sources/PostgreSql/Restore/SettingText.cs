using System.Text;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Values of settings as the catalog keeps them, made into SQL.</summary>
internal static class SettingText
{
    // Those that the server marks with GUC_LIST_QUOTE: the catalog has a list of names, and as one text it would be one name.
    private static readonly HashSet<string> Lists = new(StringComparer.OrdinalIgnoreCase)
    {
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
        "unix_socket_directories",
    };

    public static string Quote(string setting, string value) => Lists.Contains(setting) && Split(value) is { Count: > 0 } names
        ? string.Join(", ", names.Select(SqlName.QuoteText))
        : SqlName.QuoteText(value);

    /// <summary>The names in a list: quoted ones as they are, others as the catalog has them.</summary>
    private static List<string> Split(string list)
    {
        var names = new List<string>();
        var at = 0;
        while (at < list.Length)
        {
            if (list[at] is ' ' or ',')
            {
                at++;
                continue;
            }
            var name = new StringBuilder();
            if (list[at] == '"')
            {
                for (at++; at < list.Length && (list[at] != '"' || (at + 1 < list.Length && list[at + 1] == '"')); at++)
                {
                    at += list[at] == '"' ? 1 : 0; // A doubled quote is one.
                    name.Append(list[at]);
                }
                at++;
            }
            else
            {
                for (; at < list.Length && list[at] != ','; at++)
                {
                    name.Append(list[at]);
                }
            }
            names.Add(name.ToString());
        }
        return names;
    }
}
