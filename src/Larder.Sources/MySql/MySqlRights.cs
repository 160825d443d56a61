using System.Text.RegularExpressions;

namespace Larder.Sources.MySql;

/// <summary>
/// What an account may do, read from its grants. The server leaves out silently what an account may not see, triggers and routines too, so
/// a dump can only say that nothing is missing when the rights say so.
/// </summary>
internal sealed partial class MySqlRights
{
    private readonly List<(string[] Rights, string Object)> grants;

    private MySqlRights(List<(string[] Rights, string Object)> grants) => this.grants = grants;

    public static MySqlRights Parse(IEnumerable<string> lines)
    {
        var grants = new List<(string[], string)>();
        foreach (var line in lines)
        {
            var match = Grant().Match(line);
            if (match.Success)
            {
                var rights = match.Groups["rights"].Value.ToUpperInvariant().Split(',', StringSplitOptions.TrimEntries);
                grants.Add((rights, match.Groups["object"].Value));
            }
        }
        return new MySqlRights(grants);
    }

    /// <summary>Whether the right is held on all of a database.</summary>
    public bool Has(string right, string database) => grants.Exists(grant =>
        (grant.Rights.Contains("ALL PRIVILEGES") || grant.Rights.Contains(right)) && Covers(grant.Object, database));

    public bool HasEverywhere(params ReadOnlySpan<string> rights)
    {
        foreach (var right in rights)
        {
            if (grants.Exists(grant => grant.Object == "*.*" && (grant.Rights.Contains("ALL PRIVILEGES") || grant.Rights.Contains(right))))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The rights that a whole dump of a database needs and that are not held, with what they are needed for.</summary>
    public IEnumerable<(string Right, string What)> FindMissing(string database)
    {
        if (!Has("SELECT", database))
        {
            yield return ("SELECT", "tables");
        }
        if (!Has("SHOW VIEW", database))
        {
            yield return ("SHOW VIEW", "views");
        }
        if (!Has("TRIGGER", database))
        {
            yield return ("TRIGGER", "triggers");
        }
        if (!Has("EVENT", database))
        {
            yield return ("EVENT", "events");
        }
        // MariaDB lets those see routines who may read mysql.proc; newer servers have a right for it.
        if (!Has("SELECT", "mysql") && !grants.Exists(grant => grant.Object == "`mysql`.`proc`" && grant.Rights.Contains("SELECT"))
            && !Has("SHOW CREATE ROUTINE", database) && !HasEverywhere("SHOW_ROUTINE"))
        {
            yield return ("SELECT ON mysql.proc", "procedures and functions");
        }
    }

    // The database of a grant is a pattern: "_" is any character, "%" any characters, unless escaped.
    private static bool Covers(string granted, string database)
    {
        if (granted == "*.*")
        {
            return true;
        }
        if (!granted.EndsWith(".*", StringComparison.Ordinal))
        {
            return false;
        }
        var name = granted[..^2].Trim('`').Replace("``", "`", StringComparison.Ordinal);
        return Like(name, database);
    }

    private static bool Like(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        if (pattern.IsEmpty)
        {
            return text.IsEmpty;
        }
        return pattern[0] switch
        {
            '%' => Like(pattern[1..], text) || (!text.IsEmpty && Like(pattern, text[1..])),
            '\\' when pattern.Length > 1 => !text.IsEmpty && text[0] == pattern[1] && Like(pattern[2..], text[1..]),
            '_' => !text.IsEmpty && Like(pattern[1..], text[1..]),
            var other => !text.IsEmpty && text[0] == other && Like(pattern[1..], text[1..]),
        };
    }

    [GeneratedRegex(
        "^GRANT (?<rights>[A-Z_ ,]+) ON (?<object>(\\*|`([^`]|``)+`)\\.(\\*|`([^`]|``)+`)) TO ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grant();
}
