namespace Larder.Sources.MySql;

/// <summary>Finds where a row of an INSERT ends, over as many pieces as it comes in.</summary>
internal sealed class SqlRowLexer
{
    private bool inString;
    private bool escaped;
    private int depth;

    public void Reset()
    {
        inString = false;
        escaped = false;
        depth = 0;
    }

    /// <param name="piece">What follows the pieces before.</param>
    /// <param name="looked">How much of it belongs to the row: all, or up to and with the closing parenthesis.</param>
    public bool FindEnd(ReadOnlySpan<byte> piece, out int looked)
    {
        var at = 0;
        while (at < piece.Length)
        {
            if (escaped)
            {
                escaped = false;
                at++;
                continue;
            }
            if (inString)
            {
                var mark = piece[at..].IndexOfAny((byte)'\'', (byte)'\\');
                if (mark < 0)
                {
                    break;
                }
                at += mark + 1;
                escaped = piece[at - 1] == '\\';
                inString = escaped; // A doubled quote closes the string and opens it again.
                continue;
            }
            var next = piece[at..].IndexOfAny((byte)'\'', (byte)'(', (byte)')');
            if (next < 0)
            {
                break;
            }
            at += next + 1;
            switch (piece[at - 1])
            {
                case (byte)'\'':
                    inString = true;
                    break;
                case (byte)'(':
                    depth++;
                    break;
                case var _ when --depth == 0:
                    looked = at;
                    return true;
            }
        }
        looked = piece.Length;
        return false;
    }
}
