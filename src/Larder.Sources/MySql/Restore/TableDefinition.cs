using System.Text;
using System.Text.RegularExpressions;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// What must be said otherwise of a table's definition to make it in another database, and again when it is put in place.
/// </summary>
internal static partial class TableDefinition
{
    /// <summary>
    /// Takes foreign keys out of a CREATE TABLE; SHOW CREATE TABLE gives each a line of its own. Made beside, they would point at tables
    /// that are not there, or follow those that are replaced.
    /// </summary>
    /// <param name="definition">As the dump has it.</param>
    /// <param name="staying">Those to these tables of the same database stay in it.</param>
    public static (string Definition, IReadOnlyList<string> ForeignKeys) TakeOutForeignKeys(
        string definition, IReadOnlyCollection<string> staying)
    {
        var keys = new List<string>();
        var lines = new List<string>();
        foreach (var line in definition.Split('\n'))
        {
            if (ForeignKey().IsMatch(line) && !(TargetOf(line) is { } target && staying.Contains(target)))
            {
                keys.Add(line.Trim().TrimEnd(','));
            }
            else
            {
                if (line.StartsWith(')') && lines.Count > 0)
                {
                    lines[^1] = lines[^1].TrimEnd(',');
                }
                lines.Add(line);
            }
        }
        return (string.Join('\n', lines), keys);
    }

    /// <summary>Lets defaults that take the next number of a sequence take it from that of another database.</summary>
    public static string MoveSequences(string definition, string database) =>
        SequenceDefault().Replace(
            definition, match => $"{match.Groups["before"].Value}{SqlText.Quote(database)}.{match.Groups["sequence"].Value})");

    /// <summary>The statements that let a table's defaults take the sequences of its own database, after it was moved there.</summary>
    public static IEnumerable<string> SettleSequences(string definition, string table, string database)
    {
        foreach (var line in definition.Split('\n'))
        {
            var match = SequenceDefault().Match(line);
            var column = Column().Match(line);
            if (match.Success && column.Success)
            {
                yield return $"ALTER TABLE {SqlText.Quote(database)}.{SqlText.Quote(table)} ALTER COLUMN {column.Groups["column"].Value} "
                    + $"SET DEFAULT nextval({SqlText.Quote(database)}.{match.Groups["sequence"].Value})";
            }
        }
    }

    /// <summary>The name of a foreign key, as <see cref="TakeOutForeignKeys"/> gives it.</summary>
    public static string NameOf(string foreignKey) => SqlText.FindName(Encoding.UTF8.GetBytes(foreignKey))!;

    /// <summary>The table of the same database that a foreign key points at; null for one of another database.</summary>
    private static string? TargetOf(string foreignKey)
    {
        var match = Reference().Match(foreignKey);
        return match.Success && !match.Groups["other"].Success
            ? SqlText.FindName(Encoding.UTF8.GetBytes(match.Groups["table"].Value))
            : null;
    }

    public static bool HasSequences(string definition) => SequenceDefault().IsMatch(definition);

    public static string Text(ReadOnlySpan<byte> statement) => Encoding.UTF8.GetString(statement);

    [GeneratedRegex(
        "^  CONSTRAINT `([^`]|``)+` FOREIGN KEY ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ForeignKey();

    [GeneratedRegex(
        @"\) REFERENCES (?<table>`([^`]|``)+`)(?<other>\.`)?",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Reference();

    [GeneratedRegex(
        "^  (?<column>`([^`]|``)+`) ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Column();

    [GeneratedRegex(
        @"(?<before> DEFAULT \(?nextval\()(`([^`]|``)+`\.)?(?<sequence>`([^`]|``)+`)\)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SequenceDefault();
}
