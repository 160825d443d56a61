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
        private int _at;

        public int Line { get; private set; } = 1;

        public bool SkipToStatement()
        {
            while (_at < text.Length)
            {
                if (text[_at] == '#')
                    SkipLine();
                else if (char.IsWhiteSpace(text[_at]))
                    Advance();
                else
                    return true;
            }

            return false;
        }

        public void SkipLine()
        {
            while (_at < text.Length && text[_at] != '\n')
                _at++;
        }

        public bool TryReadStatement(out string name, out string value)
        {
            value = "";
            name = ReadName();
            SkipBlanks();
            if (name == "export" && _at < text.Length && text[_at] != '=')
            {
                name = ReadName();
                SkipBlanks();
            }

            if (name.Length == 0 || _at >= text.Length || text[_at] != '=')
            {
                name = "";
                return false;
            }

            _at++;
            SkipBlanks();
            return _at < text.Length && text[_at] is '\'' or '"' ? TryReadQuoted(out value) : ReadPlain(out value);
        }

        private string ReadName()
        {
            var start = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
                _at++;
            return _at > start && char.IsAsciiDigit(text[start]) ? "" : text[start.._at];
        }

        private bool ReadPlain(out string value)
        {
            var start = _at;
            // A hash begins a comment only after a blank: NAME=a#b is all value.
            while (_at < text.Length && text[_at] != '\n' && !(text[_at] == '#' && (_at == start || text[_at - 1] is ' ' or '\t')))
                _at++;
            value = text[start.._at].Trim();
            SkipLine();
            return true;
        }

        private bool TryReadQuoted(out string value)
        {
            var quote = text[_at];
            var (start, startLine) = (_at, Line);
            var content = new StringBuilder();
            value = "";
            _at++;
            while (_at < text.Length && text[_at] != quote)
            {
                if (quote == '"' && text[_at] == '\\' && _at + 1 < text.Length)
                {
                    Advance();
                    content.Append(text[_at] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '"' => "\"", '\\' => "\\", '$' => "$",
                        var other => "\\" + other });
                }
                else
                {
                    content.Append(text[_at]);
                }

                Advance();
            }

            if (_at < text.Length)
            {
                _at++;
                SkipBlanks();
                if (_at >= text.Length || text[_at] is '\n' or '#')
                {
                    SkipLine();
                    value = content.ToString();
                    return true;
                }
            }

            // Only the first line is given up, so that one open quote does not hide the rest of the file.
            (_at, Line) = (start, startLine);
            return false;
        }

        private void SkipBlanks()
        {
            while (_at < text.Length && text[_at] is ' ' or '\t')
                _at++;
        }

        private void Advance()
        {
            if (text[_at] == '\n')
                Line++;
            _at++;
        }
    }
}
