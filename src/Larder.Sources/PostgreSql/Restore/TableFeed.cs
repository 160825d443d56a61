namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Carries stored files of a dump to where they are read. Reading one piece and writing the one before it happen at once:
/// 2 pieces of 256 KiB a file, and as many files at once as there are jobs.
/// </summary>
internal static class TableFeed
{
    private const int PieceBytes = 256 * 1024;

    /// <summary>
    /// Copies all of a stream. Failures to read are thrown as they are, failures to write as <see cref="ReaderGoneException"/>.
    /// </summary>
    /// <param name="look">Sees each piece before it is written.</param>
    public static async Task CopyAsync(
        Stream from, Stream to, Action<ReadOnlyMemory<byte>> look, Action<long> advance, CancellationToken cancellationToken)
    {
        var reading = new byte[PieceBytes];
        var writing = new byte[PieceBytes];
        var pending = Task.CompletedTask;
        try
        {
            while (true)
            {
                var count = await from.ReadAtLeastAsync(reading, reading.Length, throwOnEndOfStream: false, cancellationToken);
                await pending;
                pending = Task.CompletedTask;
                if (count == 0)
                {
                    return;
                }
                (reading, writing) = (writing, reading);
                var piece = writing.AsMemory(0, count);
                pending = WriteAsync(to, piece, cancellationToken);
                look(piece);
                advance(count);
            }
        }
        finally
        {
            await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // It still reads our bytes.
        }
    }

    private static async Task WriteAsync(Stream to, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        try
        {
            await to.WriteAsync(piece, cancellationToken);
        }
        catch (IOException error)
        {
            throw new ReaderGoneException(error);
        }
    }
}
