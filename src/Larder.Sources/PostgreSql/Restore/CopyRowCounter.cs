namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Counts the rows of a table's file while it passes: each row is a line, for COPY writes a line feed inside a value as <c>\n</c>. The file
/// ends with the line <c>\.</c> and two empty ones; one that does not was cut off.
/// </summary>
internal sealed class CopyRowCounter
{
    private const int EndLines = 3;

    private readonly byte[] last = new byte[5];
    private long lines;

    public void Look(ReadOnlyMemory<byte> piece)
    {
        var bytes = piece.Span;
        lines += bytes.Count((byte)'\n');
        if (bytes.Length >= last.Length)
        {
            bytes[^last.Length..].CopyTo(last);
            return;
        }
        last.AsSpan(bytes.Length).CopyTo(last);
        bytes.CopyTo(last.AsSpan(last.Length - bytes.Length));
    }

    /// <summary>How many rows there were. Fails with <see cref="SourceError.Damaged"/> where the end is missing.</summary>
    public long Complete(string folder, string file) => last.AsSpan().SequenceEqual("\\.\n\n\n"u8)
        ? lines - EndLines
        : throw new SourceException(
            SourceError.Damaged, $"The file {folder}/{file} of the dump is cut off: it does not end as pg_dump ends a table.");
}
