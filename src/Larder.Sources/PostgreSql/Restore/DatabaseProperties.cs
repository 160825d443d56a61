using System.Text;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// What a dump says of the database itself: encoding and locale, owner, comment, privileges, settings. pg_restore sets these only where it
/// makes the database under its old name.
/// </summary>
internal static class DatabaseProperties
{
    public const string Kind = "DATABASE";
    private const string SettingsKind = "DATABASE PROPERTIES";

    /// <summary>What follows the name in CREATE DATABASE; empty where the dump does not say.</summary>
    public static string FindOptions(ArchiveToc toc)
    {
        var definition = Find(toc)?.Definition ?? "";
        var options = definition.IndexOf(" WITH ", StringComparison.Ordinal);
        return options < 0 ? "WITH TEMPLATE = template0" : definition[(options + 1)..].TrimEnd().TrimEnd(';');
    }

    public static TocEntry? Find(ArchiveToc toc) => toc.Entries.FirstOrDefault(entry => entry.Kind == Kind);

    /// <summary>The entries that are the database's own, among privileges and comments of everything else.</summary>
    public static bool IsOf(TocEntry entry) => entry.Kind is Kind or SettingsKind
        || (entry.Kind is "ACL" or "COMMENT" or "SECURITY LABEL" && entry.Tag?.StartsWith("DATABASE ", StringComparison.Ordinal) == true);

    /// <summary>The statements that give a database of this name what the dumped one had, in their order.</summary>
    /// <param name="toc">The dump's.</param>
    /// <param name="name">The database's name now.</param>
    /// <param name="owner">Whether its owner too.</param>
    /// <param name="privileges">Whether its privileges too.</param>
    public static IReadOnlyList<string> MakeStatements(ArchiveToc toc, string name, bool owner, bool privileges)
    {
        var created = Find(toc);
        if (created?.Definition is not { } definition)
        {
            return [];
        }
        // The dump writes the name as CREATE DATABASE does: quoted where it must be.
        const string create = "CREATE DATABASE ";
        var end = definition.IndexOf(" WITH ", StringComparison.Ordinal);
        if (end < create.Length)
        {
            return [];
        }
        var written = definition[create.Length..end];
        List<string> statements = owner && created.Owner is { Length: > 0 } role
            ? [$"ALTER DATABASE {SqlName.Quote(name)} OWNER TO {SqlName.Quote(role)};"]
            : [];
        statements.AddRange(toc.Entries
            .Where(entry => entry != created && IsOf(entry) && (privileges || entry.Kind != "ACL"))
            .Select(entry => Rename(entry.Definition ?? "", written, name)));
        return statements;
    }

    /// <summary>Each statement names the database once, before any text of the user's own.</summary>
    private static string Rename(string definition, string written, string name)
    {
        var result = new StringBuilder(definition.Length);
        foreach (var line in definition.Split('\n'))
        {
            var place = line.IndexOf($"DATABASE {written} ", StringComparison.Ordinal);
            var quote = line.IndexOf('\'', StringComparison.Ordinal);
            result.Append(place < 0 || (quote >= 0 && quote < place)
                    ? line
                    : $"{line[..place]}DATABASE {SqlName.Quote(name)} {line[(place + "DATABASE ".Length + written.Length + 1)..]}")
                .Append('\n');
        }
        return result.ToString();
    }
}
