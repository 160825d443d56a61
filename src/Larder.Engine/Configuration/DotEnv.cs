using System.Text;

namespace Larder.Engine.Configuration;

/// <summary>
/// Reads a `.env` file: `NAME=value` lines, comments, `export`, 'single quotes' taken as they are, "double quotes" with \n \r \t \" \\ \$,
/// both over several lines. Values are not expanded: what stands there is what it is.
/// </summary>
internal static class DotEnv
{
    /// <summary>The variables; a later line wins. A line that is not understood is reported and left out.</summary>
    public static Dictionary<string, string> Parse(string text, string file, ICollection<ConfigurationProblem> problems)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new Reader(text.TrimStart('\uFEFF').ReplaceLineEndings("\n"));
        while (reader.SkipToStatement())
        {
            var line = reader.Line;
            if (reader.TryReadStatement(out var name, out var value))
            {
                variables[name] = value;
                continue;
            }

            problems.Add(new ConfigurationProblem
            {
                Key = name,
                File = file,
                Line = line,
                Column = 1,
                Message = name.Length > 0 ? $"The value of {name} in .env has a quote that is not closed, or text after it."
                    : "A line in .env is not NAME=value.",
                Suggestion = "NAME=value, or NAME='a value with # and spaces'",
            });
            reader.SkipLine();
        }

        return variables;
    }

    private sealed class Reader(string text)
    {
        private int at;

        public int Line { get; private set; } = 1;

        public bool SkipToStatement()
        {
            while (at < text.Length)
            {
                if (text[at] == '#')
                {
                    SkipLine();
                }
                else if (char.IsWhiteSpace(text[at]))
                {
                    Advance();
                }
                else
                {
                    return true;
                }
            }

            return false;
        }

        public void SkipLine()
        {
            while (at < text.Length && text[at] != '\n')
            {
                at++;
            }
        }

        public bool TryReadStatement(out string name, out string value)
        {
            value = "";
            name = ReadName();
            SkipBlanks();
            if (name == "export" && at < text.Length && text[at] != '=')
            {
                name = ReadName();
                SkipBlanks();
            }

            if (name.Length == 0 || at >= text.Length || text[at] != '=')
            {
                name = "";
                return false;
            }

            at++;
            SkipBlanks();
            return at < text.Length && text[at] is '\'' or '"' ? TryReadQuoted(out value) : ReadPlain(out value);
        }

        private string ReadName()
        {
            var start = at;
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
            {
                at++;
            }

            return at > start && char.IsAsciiDigit(text[start]) ? "" : text[start..at];
        }

        private bool ReadPlain(out string value)
        {
            var start = at;
            // A hash begins a comment only after a blank: NAME=a#b is all value.
            while (at < text.Length && text[at] != '\n' && !(text[at] == '#' && (at == start || text[at - 1] is ' ' or '\t')))
            {
                at++;
            }

            value = text[start..at].Trim();
            SkipLine();
            return true;
        }

        private bool TryReadQuoted(out string value)
        {
            var quote = text[at];
            var (start, startLine) = (at, Line);
            var content = new StringBuilder();
            value = "";
            at++;
            while (at < text.Length && text[at] != quote)
            {
                if (quote == '"' && text[at] == '\\' && at + 1 < text.Length)
                {
                    Advance();
                    content.Append(text[at] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '"' => "\"", '\\' => "\\", '$' => "$",
                        var other => "\\" + other });
                }
                else
                {
                    content.Append(text[at]);
                }

                Advance();
            }

            if (at < text.Length)
            {
                at++;
                SkipBlanks();
                if (at >= text.Length || text[at] is '\n' or '#')
                {
                    SkipLine();
                    value = content.ToString();
                    return true;
                }
            }

            // Only the first line is given up, so that one open quote does not hide the rest of the file.
            (at, Line) = (start, startLine);
            return false;
        }

        private void SkipBlanks()
        {
            while (at < text.Length && text[at] is ' ' or '\t')
            {
                at++;
            }
        }

        private void Advance()
        {
            if (text[at] == '\n')
            {
                Line++;
            }

            at++;
        }
    }
}
