using System.Text;
using System.Text.RegularExpressions;

namespace Larder.Sources.MySql;

/// <summary>What a statement of <c>4-after.sql</c> makes; empty <see cref="Kind"/> for settings and the like.</summary>
/// <param name="Kind">TRIGGER, EVENT, PROCEDURE, FUNCTION, PACKAGE, VIEW, or empty.</param>
/// <param name="Table">The table of a trigger.</param>
/// <param name="Definer">The account that it runs as, as <c>user@host</c>.</param>
/// <param name="IsDrop">It takes away what the next one makes.</param>
internal sealed partial record AfterStatement(string Kind, string? Table, string? Definer, bool IsDrop)
{
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

    // Double quotes stand where something was made under ANSI_QUOTES.
    private static string Unquote(string name) => name switch
    {
        ['`', .., '`'] => name[1..^1].Replace("``", "`", StringComparison.Ordinal),
        ['"', .., '"'] => name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal),
        _ => name,
    };

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
        @"\sON\s+((`([^`]|``)+`|[\w$]+)\s*\.\s*)?(?<table>`([^`]|``)+`|""([^""]|"""")+""|[\w$]+)\s+FOR\s+EACH\s+ROW",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TriggerTable();
}
