using Larder.Sources.Dumps;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Sends the stored rows of a table into the transaction of a connection, by COPY.</summary>
internal static class TableRows
{
    /// <summary>
    /// Fails with what reading the dump fails with, and with the driver's exceptions where the server does not take the rows; the
    /// transaction is then to be rolled back.
    /// </summary>
    /// <returns>How many there were.</returns>
    public static async Task<long> SendAsync(
        NpgsqlConnection connection,
        IStoredDump dump,
        StoredDatabase database,
        TocEntry table,
        Action<long> advance,
        CancellationToken cancellationToken)
    {
        var file = database.Files.GetValueOrDefault(table.DataFile!) ?? throw new SourceException(
            SourceError.Damaged, $"The dump of the database {database.Folder} is not whole: the file {table.DataFile} is not stored.");
        var counter = new CopyRowCounter();
        await using var content = await dump.OpenAsync(file.Path, cancellationToken);
        var writer = (NpgsqlCopyTextWriter)await connection.BeginTextImportAsync(
            CopyStatement.ToWrite(table, database.Toc.RowEncoding), cancellationToken);
        long rows;
        try
        {
            await TableFeed.CopyAsync(content, writer.BaseStream, counter.Look, advance, cancellationToken);
            rows = counter.Complete(database.Folder, table.DataFile!);
            await writer.DisposeAsync(); // This says that these were all rows, so it must not happen otherwise.
        }
        catch
        {
            // Where the server itself has ended it, there is nothing to cancel any more.
            await writer.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        return rows;
    }
}
