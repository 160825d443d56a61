using System.Buffers;

namespace Larder.Sources.MySql;

/// <summary>
/// Finds where a statement ends, as the client does: conditional comments are read through, all other comments and what is quoted are
/// not looked into.
/// </summary>
internal struct SqlStatementLexer(byte[] delimiter, SearchValues<byte> marks, bool backslashEscapes)
{
    private const int LookaheadBytes = 16;

    private byte quote;
    private bool inLineComment;
    private bool inBlockComment;

    /// <summary>How far it looked; the length of the statement when its end was found.</summary>
    public int Position { get; private set; }

    /// <param name="text">From the statement's beginning, each time.</param>
    /// <param name="ended">Whether nothing will follow.</param>
    public bool FindEnd(ReadOnlySpan<byte> text, bool ended)
    {
        while (Position < text.Length)
        {
            var rest = text[Position..];
            if (inLineComment)
            {
                if (!SkipTo(rest, "\n"u8))
                {
                    return false;
                }
                inLineComment = false;
            }
            else if (inBlockComment)
            {
                if (!SkipTo(rest, "*/"u8))
                {
                    return false;
                }
                inBlockComment = false;
            }
            else if (quote != 0)
            {
                if (!SkipQuoted(rest))
                {
                    return false;
                }
            }
            else
            {
                var mark = rest.IndexOfAny(marks);
                if (mark < 0)
                {
                    Position = text.Length;
                    return false;
                }
                Position += mark;
                rest = rest[mark..];
                if (rest.Length < LookaheadBytes && !ended)
                {
                    return false;
                }
                if (rest.StartsWith(delimiter))
                {
                    return true;
                }
                Enter(rest);
            }
        }
        return false;
    }

    private void Enter(ReadOnlySpan<byte> rest)
    {
        inLineComment = SqlText.StartsLineComment(rest);
        inBlockComment = !inLineComment && SqlText.StartsBlockComment(rest);
        if (!inLineComment && rest[0] is (byte)'\'' or (byte)'"' or (byte)'`')
        {
            quote = rest[0];
        }
        Position += inBlockComment ? 2 : 1;
    }

    private bool SkipTo(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> mark)
    {
        var at = rest.IndexOf(mark);
        Position += at < 0 ? Math.Max(rest.Length - mark.Length + 1, 0) : at + mark.Length;
        return at >= 0;
    }

    private bool SkipQuoted(ReadOnlySpan<byte> rest)
    {
        var hasEscapes = backslashEscapes && quote != '`';
        var at = hasEscapes ? rest.IndexOfAny(quote, (byte)'\\') : rest.IndexOf(quote);
        if (at < 0)
        {
            Position += rest.Length;
            return false;
        }
        if (rest[at] == quote)
        {
            Position += at + 1;
            quote = 0;
            return true;
        }
        if (at + 1 == rest.Length)
        {
            Position += at; // The escaped byte has not come yet.
            return false;
        }
        Position += at + 2;
        return true;
    }
}
