using System.Text;

namespace Larder.Cli.Output;

/// <summary>Rows under headings, aligned by the columns that they take on a terminal. The last column is not filled up.</summary>
/// <param name="headings">A heading that begins with <c>&gt;</c> makes its column stand to the right.</param>
internal sealed class Table(params string[] headings)
{
    private const string Gap = "  ";

    private readonly List<(string Text, Func<string, string>? Paint)[]> rows = [];

    public int Rows => rows.Count;

    public void Add(params string?[] cells) =>
        rows.Add([.. cells.Select(cell => (TextWidth.Plain(cell ?? ""), (Func<string, string>?)null))]);

    /// <summary>A row of which one cell is painted, which adds bytes and no width.</summary>
    public void AddPainted(int column, Func<string, string> paint, params string?[] cells) =>
        rows.Add([.. cells.Select((cell, at) => (TextWidth.Plain(cell ?? ""), at == column ? paint : null))]);

    /// <summary>Every line ends with a newline; nothing at all where there is no row.</summary>
    public string Render(Ink ink)
    {
        var names = headings.Select(heading => heading.TrimStart('>')).ToArray();
        var widths = names.Select((name, at) => Math.Max(TextWidth.Of(name), rows.Max(row => (int?)TextWidth.Of(row[at].Text)) ?? 0))
            .ToArray();
        var text = new StringBuilder();
        if (rows.Count > 0 && names.Any(name => name.Length > 0))
        {
            AppendLine(text, [.. names.Select(name => (name, (Func<string, string>?)ink.Bold))], widths);
        }
        foreach (var row in rows)
        {
            AppendLine(text, row, widths);
        }
        return text.ToString();
    }

    private void AppendLine(StringBuilder text, (string Text, Func<string, string>? Paint)[] cells, int[] widths)
    {
        var line = new StringBuilder();
        for (var at = 0; at < cells.Length; at++)
        {
            var (cell, paint) = cells[at];
            var shown = paint is null || cell.Length == 0 ? cell : paint(cell);
            var filling = new string(' ', widths[at] - TextWidth.Of(cell));
            var isRight = headings[at].StartsWith('>');
            line.Append(at > 0 ? Gap : "").Append(isRight ? filling : "").Append(shown)
                .Append(isRight || at == cells.Length - 1 ? "" : filling);
        }
        text.Append(line.ToString().TrimEnd()).Append('\n');
    }
}
