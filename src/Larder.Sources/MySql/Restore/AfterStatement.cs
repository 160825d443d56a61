using System.Text;
using System.Text.RegularExpressions;

namespace Larder.Sources.MySql.Restore;

/// <summary>What a statement of <c>4-after.sql</c> makes; empty <see cref="Kind"/> for settings and the like.</summary>
/// <param name="Kind">TRIGGER, EVENT, PROCEDURE, FUNCTION, PACKAGE, VIEW, TABLE, or empty.</param>
/// <param name="Table">The table of a trigger.</param>
/// <param name="Definer">The account that it runs as, as <c>user@host</c>.</param>
/// <param name="IsDrop">It takes away what the next one makes.</param>
internal sealed partial record AfterStatement(string Kind, string? Table, string? Definer, bool IsDrop)
{
    private const string Name = @"(`([^`]|``)+`|""([^""]|"""")+""|[\w$\x80-\xff]+)";

    /// <summary>
    /// A view or, by older dump programs, a table that only has the columns that a view will have, so that others can be made upon it.
    /// </summary>
    public bool IsPlaceholder => Kind == "TABLE" || (Kind == "VIEW" && Definer is null);

    public static AfterStatement Of(ReadOnlySpan<byte> statement)
    {
        // Definitions begin with what is asked for here; a body of megabytes need not be looked through.
        var text = Marks().Replace(Encoding.UTF8.GetString(statement[..Math.Min(statement.Length, 16 * 1024)]), " ").TrimStart();
        if (text.StartsWith("DROP ", StringComparison.OrdinalIgnoreCase))
        {
            return new AfterStatement("", null, null, IsDrop: true);
        }
        if (!text.StartsWith("CREATE ", StringComparison.OrdinalIgnoreCase))
        {
            return new AfterStatement("", null, null, IsDrop: false);
        }
        if (text.StartsWith("CREATE TABLE ", StringComparison.OrdinalIgnoreCase))
        {
            return new AfterStatement("TABLE", null, null, IsDrop: false);
        }
        var definer = DefinerClause().Match(text);
        var rest = definer.Success ? text.Remove(definer.Index, definer.Length) : text;
        var kind = KindWord().Match(rest).Groups["kind"].Value.ToUpperInvariant();
        var table = kind == "TRIGGER" ? TriggerTable().Match(rest).Groups["table"].Value : null;
        return new AfterStatement(
            kind,
            table is null ? null : Unquote(table),
            definer.Success ? $"{Unquote(definer.Groups["user"].Value)}@{Unquote(definer.Groups["host"].Value)}" : null,
            IsDrop: false);
    }

    /// <summary>Whether it may be run for the sake of some tables alone.</summary>
    public bool IsSettingOrTriggerOf(IReadOnlyList<string> tables) =>
        !IsDrop && (Kind.Length == 0 || (Kind == "TRIGGER" && tables.Contains(Table, StringComparer.Ordinal)));

    /// <summary>
    /// The statement without the database before the names of a trigger and its table. The server keeps a trigger as somebody wrote it, and
    /// with that name it would be made there, and not where it is restored to.
    /// </summary>
    public static byte[] MoveTrigger(ReadOnlySpan<byte> statement)
    {
        var text = Encoding.Latin1.GetString(statement); // One character for each byte, whatever the body holds.
        var head = TriggerHead().Match(text);
        foreach (var database in (Group[])[head.Groups["there"], head.Groups["here"]])
        {
            text = text.Remove(database.Index, database.Length);
        }
        return Encoding.Latin1.GetBytes(text);
    }

    /// <summary>
    /// A view that looks into more than one database has the names of all of them in it, also of its own; then it would look at where it
    /// came from. What stands in quotes is left alone.
    /// </summary>
    public static byte[] MoveView(ReadOnlySpan<byte> statement, string from, string to)
    {
        var text = Encoding.Latin1.GetString(statement);
        var (old, moved) = (InLatin1(SqlText.Quote(from) + "."), InLatin1(SqlText.Quote(to) + "."));
        return Encoding.Latin1.GetBytes(QuotedOrName().Replace(
            text, match => match.Value == old ? moved : match.Value));

        static string InLatin1(string name) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(name));
    }

    // Double quotes stand where something was made under ANSI_QUOTES.
    private static string Unquote(string name) => name switch
    {
        ['`', .., '`'] => name[1..^1].Replace("``", "`", StringComparison.Ordinal),
        ['"', .., '"'] => name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal),
        _ => name,
    };

    [GeneratedRegex(
        @"'([^'\\]|\\.|'')*'|`([^`]|``)+`\.?",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex QuotedOrName();

    [GeneratedRegex(@"/\*M?!\d*|\*/", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Marks();

    [GeneratedRegex(
        @"DEFINER\s*=\s*(?<user>`([^`]|``)*`|""([^""]|"""")*""|[^\s`""@]+)(@(?<host>`([^`]|``)*`|""([^""]|"""")*""|[^\s`""]+))?",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DefinerClause();

    [GeneratedRegex(
        @"\b(?<kind>TRIGGER|EVENT|PROCEDURE|FUNCTION|PACKAGE|VIEW)\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KindWord();

    [GeneratedRegex(
        $@"\bTRIGGER\s+(IF\s+NOT\s+EXISTS\s+)?(?<here>{Name}\s*\.\s*)?{Name}\s+\w+\s+\w+\s+ON\s+"
        + $@"(?<there>{Name}\s*\.\s*)?{Name}\s+FOR\s+EACH\s+ROW",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TriggerHead();

    [GeneratedRegex(
        @"\sON\s+((`([^`]|``)+`|[\w$]+)\s*\.\s*)?(?<table>`([^`]|``)+`|""([^""]|"""")+""|[\w$]+)\s+FOR\s+EACH\s+ROW",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TriggerTable();
}
