using System.Buffers;

namespace Larder.Sources.MySql;

/// <summary>What the scanner stands at.</summary>
internal enum SqlKind
{
    /// <summary>The end of the input.</summary>
    End,

    /// <summary>A statement, in <see cref="SqlScanner.Text"/>.</summary>
    Statement,

    /// <summary>The beginning of an INSERT, up to its rows, in <see cref="SqlScanner.Text"/>; the rows are read one by one.</summary>
    Rows,
}

/// <summary>What came of trying to read a row.</summary>
internal enum SqlRow
{
    /// <summary>A row, or the last part of one.</summary>
    Whole,

    /// <summary>Bytes of a row that is too long to be held at once; more will come.</summary>
    Part,

    /// <summary>The INSERT ended.</summary>
    NoMore,

    /// <summary>Nothing yet: the scanner must be filled.</summary>
    Hungry,
}

/// <summary>
/// Cuts a dump into statements and rows as the client that will run it does: quotes, comments, conditional comments and DELIMITER are
/// understood, so nothing inside a value or a routine is taken for a border. Not for concurrent use.
/// </summary>
internal sealed class SqlScanner(Stream input)
{
    // 1 MiB of input; a row of up to 4 MiB is held as one, a longer one passes in parts; a statement other than INSERT may have 64 MiB
    // (the server's own bound of a definition is far below). So a dump is read in 1 to 8 MiB, and never more than 128.
    private const int ReadBytes = 1024 * 1024;
    private const int WholeRowBytesMax = 4 * 1024 * 1024;
    private const int StatementBytesMax = 64 * 1024 * 1024;

    // The longest thing that must be seen at once: "/*M!", "DELIMITER ", a delimiter.
    private const int LookaheadBytes = 16;

    // The first line of MariaDB's dumps, which forbids the client that reads it to run programs. Other clients stop at it.
    private static ReadOnlySpan<byte> SandboxMark => "/*M!999999\\-"u8;

    private static readonly byte[] Semicolon = ";"u8.ToArray();

    private readonly SqlRowLexer rowLexer = new();
    private byte[] buffer = new byte[ReadBytes];
    private int start;
    private int end;
    private int scanned; // Of the row that begins at start: how far it was looked at.
    private bool inRow;
    private bool ended;
    private byte[] delimiter = Semicolon;
    private SearchValues<byte> marks = MakeMarks(Semicolon);
    private bool backslashEscapes = true;

    public SqlKind Kind { get; private set; }

    /// <summary>The statement without its delimiter, or the INSERT up to and with VALUES. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Text { get; private set; }

    /// <summary>Whether the last thing outside of statements was the line that dump programs write when all went well.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>What ends the statement.</summary>
    public ReadOnlySpan<byte> Delimiter => delimiter;

    private ReadOnlySpan<byte> Rest => buffer.AsSpan(start, end - start);

    /// <summary>Goes on to the next statement; the rows of an INSERT must have been read. Fails where the input ends within one.</summary>
    public async ValueTask<SqlKind> MoveNextAsync(CancellationToken cancellationToken)
    {
        if (!await SkipToStatementAsync(cancellationToken))
        {
            Text = default;
            return Kind = SqlKind.End;
        }
        IsComplete = false;
        return Kind = Rest.StartsWith("INSERT "u8)
            ? await ReadInsertAsync(cancellationToken)
            : await ReadStatementAsync(cancellationToken);
    }

    /// <summary>Reads on in the rows of an INSERT.</summary>
    /// <param name="bytes">The row with its parentheses, or a part of it. Valid until the next call.</param>
    public SqlRow TryReadRow(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        while (!inRow)
        {
            if (start == end)
            {
                return SqlRow.Hungry;
            }
            switch (buffer[start])
            {
                case (byte)'(':
                    inRow = true;
                    scanned = 0;
                    rowLexer.Reset();
                    break;
                case (byte)';':
                    start++;
                    return SqlRow.NoMore;
                case (byte)',' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t':
                    start++;
                    break;
                default:
                    throw Damaged("has something between the rows of an INSERT that is no row");
            }
        }
        var found = rowLexer.FindEnd(Rest[scanned..], out var looked);
        scanned += looked;
        if (!found && scanned < WholeRowBytesMax)
        {
            return SqlRow.Hungry;
        }
        bytes = Rest[..scanned];
        start += scanned;
        scanned = 0;
        inRow = !found;
        return found ? SqlRow.Whole : SqlRow.Part;
    }

    /// <summary>Reads more input where <see cref="SqlRow.Hungry"/>. Fails where there is none.</summary>
    public async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (!await TryFillAsync(cancellationToken))
        {
            throw Damaged("ends in the middle of a row");
        }
    }

    /// <returns>Whether there is a statement.</returns>
    private async ValueTask<bool> SkipToStatementAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (!Rest.IsEmpty && char.IsWhiteSpace((char)Rest[0]))
            {
                start++;
            }
            if (Rest.Length < LookaheadBytes && await TryFillAsync(cancellationToken))
            {
                continue;
            }
            if (Rest.IsEmpty)
            {
                return false;
            }
            if (SqlText.StartsLineComment(Rest))
            {
                var line = await ReadUntilAsync("\n"u8.ToArray(), cancellationToken);
                IsComplete = line.Span.StartsWith("-- Dump completed"u8) || (IsComplete && line.Span.Trim(" \r\n-"u8).IsEmpty);
            }
            else if (SqlText.StartsBlockComment(Rest) || Rest.StartsWith(SandboxMark))
            {
                await ReadUntilAsync("*/"u8.ToArray(), cancellationToken);
            }
            else if (SqlText.StartsWord(Rest, "DELIMITER "u8))
            {
                var line = await ReadUntilAsync("\n"u8.ToArray(), cancellationToken);
                delimiter = line.Span["DELIMITER ".Length..].Trim(" \t\r\n"u8).ToArray();
                if (delimiter.Length is 0 or > LookaheadBytes)
                {
                    throw Damaged("has a DELIMITER that cannot be one");
                }
                marks = MakeMarks(delimiter);
            }
            else if (Rest.StartsWith(delimiter))
            {
                start += delimiter.Length;
            }
            else
            {
                return true;
            }
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadUntilAsync(byte[] mark, CancellationToken cancellationToken)
    {
        int at;
        while ((at = Rest.IndexOf(mark)) < 0)
        {
            if (!await TryFillAsync(cancellationToken))
            {
                at = Rest.Length - mark.Length;
                break;
            }
        }
        var length = Math.Max(at + mark.Length, 0);
        var text = buffer.AsMemory(start, length);
        start += length;
        return text;
    }

    private async ValueTask<SqlKind> ReadInsertAsync(CancellationToken cancellationToken)
    {
        int length;
        while ((length = SqlText.FindRows(Rest)) < 0)
        {
            if (!await TryFillAsync(cancellationToken))
            {
                throw Damaged("ends in the middle of a statement");
            }
        }
        Text = buffer.AsSpan(start, length).ToArray(); // Its own: the buffer moves while the rows are read.
        start += length;
        return SqlKind.Rows;
    }

    private async ValueTask<SqlKind> ReadStatementAsync(CancellationToken cancellationToken)
    {
        var lexer = new SqlStatementLexer(delimiter, marks, backslashEscapes);
        while (!lexer.FindEnd(Rest, ended))
        {
            if (!await TryFillAsync(cancellationToken) && !lexer.FindEnd(Rest, ended: true))
            {
                throw Damaged("ends in the middle of a statement");
            }
        }
        Text = buffer.AsMemory(start, lexer.Position);
        start += lexer.Position + delimiter.Length;
        NoteSqlMode(Text.Span);
        return SqlKind.Statement;
    }

    /// <summary>Routines keep the mode that they were made under, and one of the modes takes the backslash its meaning.</summary>
    private void NoteSqlMode(ReadOnlySpan<byte> statement)
    {
        if (statement.Length < 1024 && SqlText.IsSetSqlMode(statement))
        {
            backslashEscapes = statement.IndexOf("NO_BACKSLASH_ESCAPES"u8) < 0;
        }
    }

    private async ValueTask<bool> TryFillAsync(CancellationToken cancellationToken)
    {
        if (ended)
        {
            return false;
        }
        if (end == buffer.Length)
        {
            var length = end - start;
            // What is whole has gone out; a long statement or row is moved only as often as the buffer doubles.
            var next = length > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
            if (next.Length > StatementBytesMax)
            {
                throw Damaged($"has a statement of more than {StatementBytesMax / 2} bytes");
            }
            Rest.CopyTo(next);
            (buffer, start, end) = (next, 0, length);
        }
        var read = await input.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        ended = read == 0;
        return !ended;
    }

    private static SearchValues<byte> MakeMarks(ReadOnlySpan<byte> delimiter) => SearchValues.Create([.. "'\"`-#/"u8, delimiter[0]]);

    // Says nothing of the content: that is the user's.
    private static SourceException Damaged(string what) => new(SourceError.Damaged, $"The dump {what}.");
}
