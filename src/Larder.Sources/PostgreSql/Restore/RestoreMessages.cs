namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Picks the errors out of what pg_restore says. It never keeps a statement, for one can hold a password (of a user mapping, of a
/// subscription).
/// </summary>
internal sealed class RestoreMessages(Action<string> hear)
{
    private bool inMessage;

    /// <summary>Whether the line is part of an error or a warning.</summary>
    public bool Keep(string line)
    {
        hear(line);
        if (line.StartsWith("pg_restore: ", StringComparison.Ordinal))
        {
            inMessage = IsMessage(line.AsSpan("pg_restore: ".Length));
            return inMessage;
        }
        if (line.StartsWith("Command was: ", StringComparison.Ordinal))
        {
            inMessage = false;
        }
        return inMessage && !IsExcerpt(line);
    }

    private static bool IsMessage(ReadOnlySpan<char> text) =>
        text.StartsWith("error: ") || text.StartsWith("fatal: ") || text.StartsWith("warning: ") || text.StartsWith("detail: ")
        || text.StartsWith("hint: ") || text.StartsWith("from TOC entry ");

    /// <summary>The server shows where in a statement a mistake is: <c>LINE 1: …</c> and a line with a caret.</summary>
    private static bool IsExcerpt(string line) =>
        line.StartsWith("LINE ", StringComparison.Ordinal)
        || line.AsSpan().Trim() is "^"
        || line.StartsWith("QUERY: ", StringComparison.Ordinal);
}
