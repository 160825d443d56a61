using System.Text;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql.Restore;

/// <summary>Hands stored files to the client, statement by statement where they must be changed or chosen.</summary>
internal sealed class DumpFeed(IStoredDump dump, RestoreConnection connection, Action<long> advance)
{
    private const int WriteBytes = 64 * 1024;

    public RestoreConnection Connection => connection;

    /// <summary>Runs a file.</summary>
    /// <param name="database">Where; empty for none.</param>
    /// <param name="change">Gives another text for a statement, or null to leave it out.</param>
    public async Task RunAsync(
        StoredFile file, string database, CancellationToken cancellationToken, Func<SqlScanner, byte[]?>? change = null)
    {
        await using var script = connection.Client.Open(database, hasAnswer: false, connection.Tools.ClientHasSandbox);
        await foreach (var text in ReadAsync(file, change, cancellationToken))
        {
            await script.WriteAsync(text, cancellationToken);
        }
        await script.CompleteAsync(cancellationToken);
    }

    /// <summary>Runs a text that was kept in memory.</summary>
    public async Task RunAsync(byte[] text, string database, CancellationToken cancellationToken)
    {
        await using var script = connection.Client.Open(database, hasAnswer: false, connection.Tools.ClientHasSandbox);
        await script.WriteAsync(text, cancellationToken);
        await script.CompleteAsync(cancellationToken);
    }

    /// <summary>Loads the rows of a table.</summary>
    /// <returns>The fingerprint of what was handed over.</returns>
    public async Task<Fingerprint> LoadAsync(StoredFile file, string database, CancellationToken cancellationToken)
    {
        await using var script = connection.Client.Open(database, hasAnswer: false, connection.Tools.ClientHasSandbox);
        var fingerprint = await WriteRowsAsync(file, script, cancellationToken);
        await script.CompleteAsync(cancellationToken);
        return fingerprint;
    }

    /// <summary>Writes the rows of a table to a client that runs.</summary>
    public async Task<Fingerprint> WriteRowsAsync(StoredFile file, MySqlScript script, CancellationToken cancellationToken)
    {
        await using var content = new CountedStream(await dump.OpenAsync(file.Path, cancellationToken), advance);
        var scanner = new SqlScanner(content);
        // The file's own header is passed over, for the stream writes one.
        while (await scanner.MoveNextAsync(cancellationToken) != SqlKind.End
            && !RowsStream.Takes(scanner) && !DumpText.IsFooter(scanner.Text.Span))
        {
        }
        await using var rows = new RowsStream(scanner, Task.FromResult);
        var buffer = new byte[WriteBytes];
        int read;
        while ((read = await rows.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await script.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
        while (scanner.Kind != SqlKind.End)
        {
            await scanner.MoveNextAsync(cancellationToken);
        }
        return scanner.IsComplete
            ? rows.Fingerprint
            : throw new SourceException(SourceError.Damaged, $"{file.Path} does not say in its last line that it is complete.");
    }

    /// <summary>The statements of a file as one script, in pieces.</summary>
    public async IAsyncEnumerable<byte[]> ReadAsync(
        StoredFile file,
        Func<SqlScanner, byte[]?>? change,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var content = new CountedStream(await dump.OpenAsync(file.Path, cancellationToken), advance);
        var scanner = new SqlScanner(content);
        using var piece = new MemoryStream();
        var writer = new SqlWriter(piece);
        while (await scanner.MoveNextAsync(cancellationToken) != SqlKind.End)
        {
            var text = change is null ? scanner.Text.ToArray() : change(scanner);
            if (text is not null)
            {
                writer.Write(text, scanner.Delimiter);
            }
            if (piece.Length >= WriteBytes)
            {
                yield return piece.ToArray();
                piece.SetLength(0);
            }
        }
        writer.Complete();
        if (!scanner.IsComplete)
        {
            throw new SourceException(SourceError.Damaged, $"{file.Path} does not say in its last line that it is complete.");
        }
        yield return piece.ToArray();
    }

    /// <summary>The text of a small file's statement that begins with a word.</summary>
    public async Task<string?> FindStatementAsync(StoredFile file, string word, CancellationToken cancellationToken)
    {
        await using var content = await dump.OpenAsync(file.Path, cancellationToken);
        var scanner = new SqlScanner(content);
        while (await scanner.MoveNextAsync(cancellationToken) != SqlKind.End)
        {
            if (SqlText.StartsWord(scanner.Text.Span, Encoding.UTF8.GetBytes(word)))
            {
                return Encoding.UTF8.GetString(scanner.Text.Span);
            }
        }
        return null;
    }
}
