using System.Buffers.Binary;

namespace Larder.Sources.MySql;

/// <summary>
/// The rows of one table as a script of its own, made while it is read. INSERTs are not cut where the dump program cut them, which is
/// every so many bytes: one row more at the beginning would shift every border after it, and nothing would deduplicate. They are cut
/// where the hash of a row says so.
/// </summary>
internal sealed class RowsStream : ProducedStream
{
    // INSERTs of 256 KiB on average and at most 1 MiB (and one row): large enough to load fast, and within every server's
    // max_allowed_packet, whose default is 16 MiB and more.
    private const int StatementBytesMin = 64 * 1024;
    private const int StatementBytesMean = 192 * 1024;
    private const int StatementBytesMax = 1024 * 1024;

    private readonly SqlScanner scanner;
    private readonly Func<SourceException, Task<SourceException>> findCause;
    private readonly FingerprintBuilder fingerprint = new();
    private readonly RowReader rows;
    private byte[] insert = [];
    private int statementBytes;
    private bool inInsert;
    private bool inRow;

    /// <param name="scanner">Stands at the table's first INSERT, or at something else where it has no rows.</param>
    /// <param name="findCause">Says why the scanner's input is not whole.</param>
    public RowsStream(SqlScanner scanner, Func<SourceException, Task<SourceException>> findCause)
    {
        this.scanner = scanner;
        this.findCause = findCause;
        rows = new RowReader(scanner, fingerprint);
        Piece.Write(DumpText.Header);
        Piece.Position = 0;
    }

    public Fingerprint Fingerprint => fingerprint.ToFingerprint();

    /// <summary>Whether a statement belongs to a table's rows: an INSERT, or what lets it write history.</summary>
    public static bool Takes(SqlScanner scanner) => scanner.Kind == SqlKind.Rows
        || (scanner.Kind == SqlKind.Statement && SqlText.StartsWord(SqlText.SkipConditional(scanner.Text.Span), "SET "u8)
            && scanner.Text.Span.IndexOf("system_versioning_insert_history"u8) >= 0);

    protected override async ValueTask<bool> ProduceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await GoOnAsync(cancellationToken);
        }
        catch (SourceException error)
        {
            throw await findCause(error);
        }
    }

    private async ValueTask<bool> GoOnAsync(CancellationToken cancellationToken)
    {
        if (inInsert)
        {
            await CopyAsync(cancellationToken);
        }
        else if (!Takes(scanner))
        {
            CloseStatement();
            Piece.Write(DumpText.Footer);
            return false;
        }
        else if (scanner.Kind == SqlKind.Rows)
        {
            if (!scanner.Text.Span.SequenceEqual(insert))
            {
                CloseStatement();
                insert = scanner.Text.ToArray();
            }
            inInsert = true;
        }
        else
        {
            CloseStatement();
            Piece.Write(scanner.Text.Span);
            Piece.Write(";\n"u8);
            await scanner.MoveNextAsync(cancellationToken);
        }
        return true;
    }

    private async ValueTask CopyAsync(CancellationToken cancellationToken)
    {
        switch (CopyRows())
        {
            case SqlRow.Hungry:
                await scanner.FillAsync(cancellationToken);
                break;
            case SqlRow.NoMore:
                inInsert = false;
                await scanner.MoveNextAsync(cancellationToken);
                break;
        }
    }

    /// <summary>Copies rows until the output is full (<see cref="SqlRow.Whole"/>) or the scanner has no more.</summary>
    private SqlRow CopyRows()
    {
        while (Piece.Length < PieceBytes)
        {
            var row = rows.TryRead(out var bytes);
            if (row is SqlRow.Hungry or SqlRow.NoMore)
            {
                return row;
            }
            Append(bytes);
            if (row == SqlRow.Whole)
            {
                inRow = false;
                if (IsBorder(bytes.Length))
                {
                    CloseStatement();
                }
            }
        }
        return SqlRow.Whole;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (!inRow)
        {
            if (statementBytes == 0)
            {
                Piece.Write(insert);
                Piece.Write("\n"u8);
            }
            else
            {
                Piece.Write(",\n"u8);
            }
            inRow = true;
        }
        Piece.Write(bytes);
        statementBytes += bytes.Length;
    }

    // The longer a row, the likelier the border after it, so that INSERTs are alike in bytes and not in rows.
    private bool IsBorder(int rowBytes) => statementBytes >= StatementBytesMax
        || (statementBytes >= StatementBytesMin
            && BinaryPrimitives.ReadUInt32LittleEndian(rows.LastHash[28..]) < (ulong)rowBytes * uint.MaxValue / StatementBytesMean);

    private void CloseStatement()
    {
        if (statementBytes > 0)
        {
            Piece.Write(";\n"u8);
            statementBytes = 0;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rows.Dispose();
        }
        base.Dispose(disposing);
    }
}
