namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Cuts a script, as pg_dumpall writes it, into its statements. Comments and psql's own commands are left out.</summary>
internal static class SqlStatements
{
    public static IEnumerable<string> Split(string script)
    {
        var start = 0;
        var at = 0;
        while (at < script.Length)
        {
            if (IsBlank(script.AsSpan(start, at - start)) && IsLineToSkip(script, at))
            {
                at = EndOfLine(script, at);
                start = at;
                continue;
            }
            if (script[at] == ';')
            {
                yield return script[start..at].Trim();
                start = ++at;
                continue;
            }
            at = Skip(script, at);
        }
        if (!IsBlank(script.AsSpan(start)))
        {
            yield return script[start..].Trim();
        }
    }

    private static bool IsBlank(ReadOnlySpan<char> text) => text.IsWhiteSpace();

    private static bool IsLineToSkip(string script, int at) =>
        script[at] == '\\' || (script[at] == '-' && at + 1 < script.Length && script[at + 1] == '-');

    private static int EndOfLine(string script, int at) =>
        script.IndexOf('\n', at) is var end and >= 0 ? end + 1 : script.Length;

    /// <returns>The place behind one character, or behind all of a quoted text.</returns>
    private static int Skip(string script, int at)
    {
        switch (script[at])
        {
            case '\'':
                return SkipQuoted(script, at, escapes: at > 0 && script[at - 1] is 'E' or 'e');
            case '"':
                return SkipQuoted(script, at, escapes: false);
            default:
                return at + 1;
        }
    }

    /// <summary>A doubled quote ends one text and begins the next, which comes to the same.</summary>
    private static int SkipQuoted(string script, int at, bool escapes)
    {
        for (var end = at + 1; end < script.Length; end++)
        {
            if (escapes && script[end] == '\\')
            {
                end++;
            }
            else if (script[end] == script[at])
            {
                return end + 1;
            }
        }
        return script.Length;
    }
}
