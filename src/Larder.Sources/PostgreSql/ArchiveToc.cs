using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// The header and table of contents of a dump: the beginning of a custom archive, and all of a directory's <c>toc.dat</c>. Read and written
/// byte for byte as pg_dump of PostgreSQL 12 to 18 does (its source: pg_backup_archiver.c, WriteHead and WriteToc). Held in memory as a
/// whole, like pg_dump itself does: about 1 KB an object of the database.
/// </summary>
public sealed record ArchiveToc
{
    public required ArchiveHeader Header { get; init; }

    /// <summary>In the order of the file, which is the order of restoring.</summary>
    public required IReadOnlyList<TocEntry> Entries { get; init; }

    /// <summary>
    /// What bytes the texts are in the file: UTF-8 where all of them are, otherwise Latin-1, which keeps every byte of any encoding.
    /// </summary>
    public Encoding TextEncoding { get; init; } = Encoding.UTF8;

    /// <summary>
    /// The name of the encoding that the rows are in, as the server calls it: <c>UTF8</c>; null where the dump does not say.
    /// </summary>
    public string? RowEncoding => Entries.FirstOrDefault(entry => entry.Kind == "ENCODING")?.Definition?.Split('\'') is [_, var name, ..]
        ? name
        : null;

    /// <summary>
    /// Reads header and table of contents and leaves the reader just behind them. Fails with <see cref="SourceError.Damaged"/> where they
    /// are not such, or end too early.
    /// </summary>
    public static async Task<ArchiveToc> ReadAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        var (header, count) = await ParseAsync(
            reader,
            (ref SequenceReader<byte> bytes, out (ArchiveHeader, int) head) => TocFormat.TryReadHead(ref bytes, out head),
            cancellationToken);
        var entries = new List<TocEntry>();
        while (entries.Count < count)
        {
            entries.Add(await ParseAsync(
                reader,
                (ref SequenceReader<byte> bytes, out TocEntry entry) => TocFormat.TryReadEntry(ref bytes, header, out entry),
                cancellationToken));
        }
        return TocText.Decode(new ArchiveToc { Header = header, Entries = entries, TextEncoding = Encoding.Latin1 });
    }

    /// <summary>Reads all of a <c>toc.dat</c>; the stream stays the caller's.</summary>
    public static async Task<ArchiveToc> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        try
        {
            var toc = await ReadAsync(reader, cancellationToken);
            if (toc.Header.Format == ArchiveFormat.Directory && (await reader.ReadAtLeastAsync(1, cancellationToken)).Buffer.Length > 0)
            {
                throw new SourceException(SourceError.Damaged, "The table of contents of the dump has bytes behind its end.");
            }
            return toc;
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>The bytes of it: of the directory format all of <c>toc.dat</c>.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(1024);
        TocFormat.WriteHead(output, this);
        foreach (var entry in Entries)
        {
            TocFormat.WriteEntry(output, this, entry);
        }
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The same dump in the directory format: entries with data name their files instead of a place in one file.</summary>
    public ArchiveToc ToDirectory() => this with
    {
        Header = Header with { Format = ArchiveFormat.Directory },
        Entries = [.. Entries.Select(entry => entry with { OffsetState = 0, Offset = 0, DataFile = NameDataFile(entry) })],
    };

    /// <summary>How the directory format names the file of an entry's data; null without any.</summary>
    public string? NameDataFile(TocEntry entry)
    {
        if (!entry.HasData)
        {
            return null;
        }
        if (entry.Kind != TocEntry.LargeObjects)
        {
            return $"{entry.DumpId}.dat";
        }
        // From 1.16 on there can be several lists of large objects.
        return Header.HasRelationKinds ? $"blobs_{entry.DumpId}.toc" : "blobs.toc";
    }

    private delegate bool TryParse<T>(ref SequenceReader<byte> bytes, out T value);

    private static async ValueTask<T> ParseAsync<T>(PipeReader reader, TryParse<T> parse, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (TryTake(read.Buffer, parse, out var value, out var consumed))
            {
                reader.AdvanceTo(consumed);
                return value;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new SourceException(SourceError.Damaged, "The archive of pg_dump ends within its table of contents.");
            }
        }
    }

    private static bool TryTake<T>(ReadOnlySequence<byte> buffer, TryParse<T> parse, out T value, out SequencePosition consumed)
    {
        var bytes = new SequenceReader<byte>(buffer);
        var done = parse(ref bytes, out value);
        consumed = bytes.Position;
        return done;
    }
}
