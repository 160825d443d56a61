using System.Text.RegularExpressions;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Which roles a dump needs: owners, and whom privileges and policies are given to.</summary>
internal static partial class TocRoles
{
    private static readonly HashSet<string> Anybody = new(StringComparer.OrdinalIgnoreCase)
    {
        "public", "current_user", "session_user", "current_role",
    };

    public static IReadOnlySet<string> Find(ArchiveToc toc)
    {
        var roles = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in toc.Entries)
        {
            if (entry.Owner is { Length: > 0 } owner)
            {
                roles.Add(owner);
            }
            if (entry is
                {
                    Kind: "ACL" or "DEFAULT ACL" or "POLICY" or "USER MAPPING" or "DATABASE PROPERTIES",
                    Definition: { } definition,
                })
            {
                roles.UnionWith(FindIn(entry.Kind, definition));
            }
        }
        return roles;
    }

    private static IEnumerable<string> FindIn(string kind, string definition) => FindMatches(kind, definition)
        .Select(match => match.Groups["name"].Value).Where(name => !Anybody.Contains(name)).Select(Unquote);

    private static IEnumerable<Match> FindMatches(string kind, string definition) => kind switch
    {
        "POLICY" => PolicyRoles().Matches(definition).SelectMany(match => Name().Matches(match.Groups["roles"].Value).AsEnumerable()),
        "USER MAPPING" => MappedRole().Matches(definition),
        "DATABASE PROPERTIES" => SettingRole().Matches(definition),
        _ => GrantedRole().Matches(definition).Concat(ForRole().Matches(definition)),
    };

    private static string Unquote(string name) => name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;

    // A name as pg_dump writes it: bare where it may be, else quoted. Everything here is at the end of a statement, which is a line.
    private const string NamePattern = "(?<name>\"([^\"]|\"\")+\"|[a-z_][a-z0-9_$]*)";

    [GeneratedRegex(NamePattern, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();

    [GeneratedRegex(
        @" (TO|FROM) " + NamePattern + @"( WITH GRANT OPTION)?( GRANTED BY .*)?;$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex GrantedRole();

    [GeneratedRegex(
        @"^ALTER DEFAULT PRIVILEGES FOR ROLE " + NamePattern,
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex ForRole();

    [GeneratedRegex(@"^CREATE USER MAPPING FOR " + NamePattern, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MappedRole();

    [GeneratedRegex(
        @"^ALTER ROLE " + NamePattern + " IN DATABASE ",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex SettingRole();

    [GeneratedRegex(
        "^CREATE POLICY .*? TO (?<roles>(\"([^\"]|\"\")+\"|[a-z0-9_$, ])+?)( USING \\(| WITH CHECK \\(|;)",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex PolicyRoles();
}
