using System.IO.Pipelines;
using System.Threading.Channels;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// Takes the data blocks of an uncompressed custom archive apart while they come (pg_backup_custom.c): a block is a byte that says what it
/// is, the number of its entry, and chunks, each its length and its bytes, up to one of length 0. A block of large objects is pairs of an
/// OID
/// and such chunks, up to the OID 0. pg_dump before 16 makes a chunk of every row, so the loop over chunks must cost next to nothing.
/// Nothing marks the archive's end: it is whole when every entry that should have a block had one.
/// </summary>
internal sealed class ArchiveSplitter
{
    private const byte DataBlock = 1;
    private const byte LargeObjectsBlock = 3;

    private readonly ArchiveToc toc;
    private readonly Dictionary<int, TocEntry> waiting;
    private readonly ArchiveBlocks blocks = new();
    private readonly ChannelWriter<ArchivePiece> content;
    private readonly ChannelWriter<ArchivePiece> rows;

    private readonly byte[] number = new byte[ArchivePrimitives.IntBytes]; // One that is cut by the end of a segment.
    private int numberBytes;
    private Expected expected = Expected.BlockType;
    private byte blockType;
    private TocEntry? entry;
    private List<uint> oids = [];
    private ArchivePart? part;
    private int chunkLeft;
    private ArchiveBlock? block;
    private int blockStart;
    private int blockUsed;

    /// <param name="toc">Of the archive, already read.</param>
    /// <param name="content">Gets every piece, in order.</param>
    /// <param name="rows">Gets every piece, in order, too.</param>
    public ArchiveSplitter(ArchiveToc toc, ChannelWriter<ArchivePiece> content, ChannelWriter<ArchivePiece> rows)
    {
        this.toc = toc;
        this.content = content;
        this.rows = rows;
        waiting = toc.Entries.Where(candidate => candidate.HasData).ToDictionary(candidate => candidate.DumpId);
    }

    private enum Expected
    {
        BlockType,
        BlockNumber,
        LargeObject,
        Chunks,
    }

    private enum Stop
    {
        InputEmpty,
        BlockFull,
        PartEnded,
    }

    /// <summary>
    /// Reads the archive to its end. Fails with <see cref="SourceError.Damaged"/> where it is not one, and with <see cref="ArchiveCutOff"/>
    /// where it ends too early, for which pg_dump may know a better reason.
    /// </summary>
    public async Task SplitAsync(PipeReader archive, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var read = await archive.ReadAsync(cancellationToken);
                foreach (var segment in read.Buffer)
                {
                    await TakeAsync(segment, cancellationToken);
                }
                archive.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    CheckEnd();
                    return;
                }
            }
        }
        finally
        {
            block?.Release();
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (block is null || blockUsed == ArchiveBlocks.BlockBytes)
            {
                block?.Release();
                block = null;
                block = await blocks.RentAsync(cancellationToken);
                (blockStart, blockUsed) = (0, 0);
            }
            var stop = Take(input.Span, out var taken);
            input = input[taken..];
            switch (stop)
            {
                case Stop.InputEmpty:
                    return;
                case Stop.BlockFull:
                    await PublishAsync(isLast: false, cancellationToken);
                    break;
                default:
                    await PublishAsync(isLast: true, cancellationToken);
                    part = null;
                    break;
            }
        }
    }

    private async ValueTask PublishAsync(bool isLast, CancellationToken cancellationToken)
    {
        var length = blockUsed - blockStart;
        var piece = new ArchivePiece(part!, length > 0 ? block : null, blockStart, length, isLast);
        piece.Block?.Use(2);
        blockStart = blockUsed;
        if (!content.TryWrite(piece))
        {
            await content.WriteAsync(piece, cancellationToken);
        }
        if (!rows.TryWrite(piece))
        {
            await rows.WriteAsync(piece, cancellationToken);
        }
    }

    private Stop Take(ReadOnlySpan<byte> input, out int taken)
    {
        var whole = input.Length;
        var stop = Take(ref input);
        taken = whole - input.Length;
        return stop;
    }

    private Stop Take(ref ReadOnlySpan<byte> input)
    {
        while (true)
        {
            switch (expected)
            {
                case Expected.Chunks:
                    return TakeChunks(ref input);
                case Expected.BlockType when !input.IsEmpty:
                    blockType = input[0];
                    input = input[1..];
                    expected = Expected.BlockNumber;
                    break;
                case Expected.BlockNumber when TryTakeNumber(ref input, out var dumpId):
                    BeginBlock(dumpId);
                    break;
                case Expected.LargeObject when TryTakeNumber(ref input, out var oid):
                    if (oid == 0)
                    {
                        EndLargeObjects();
                        return Stop.PartEnded;
                    }
                    BeginLargeObject(unchecked((uint)oid));
                    break;
                default:
                    return Stop.InputEmpty;
            }
        }
    }

    private void BeginBlock(int dumpId)
    {
        if (!waiting.Remove(dumpId, out entry))
        {
            throw Damaged($"it has data of number {dumpId}, which its table of contents does not announce");
        }
        switch (blockType)
        {
            case DataBlock when entry.Kind != TocEntry.LargeObjects:
                part = new ArchivePart(ArchivePartKind.Rows, entry, toc.NameDataFile(entry)!);
                expected = Expected.Chunks;
                break;
            case LargeObjectsBlock when entry.Kind == TocEntry.LargeObjects:
                oids = [];
                expected = Expected.LargeObject;
                break;
            default:
                throw Damaged($"the data of {entry.Kind} {entry.Tag} is in a block of kind {blockType}");
        }
    }

    private void BeginLargeObject(uint oid)
    {
        oids.Add(oid);
        part = new ArchivePart(ArchivePartKind.LargeObject, entry!, $"blob_{oid}.dat") { Oid = oid };
        expected = Expected.Chunks;
    }

    private void EndLargeObjects()
    {
        part = new ArchivePart(ArchivePartKind.LargeObjectList, entry!, toc.NameDataFile(entry!)!) { Oids = oids };
        expected = Expected.BlockType;
    }

    private Stop TakeChunks(ref ReadOnlySpan<byte> input)
    {
        var target = block!.Bytes.AsSpan(blockUsed);
        var left = chunkLeft;
        var stop = Stop.BlockFull;
        while (!target.IsEmpty)
        {
            if (left == 0)
            {
                if (!TryTakeNumber(ref input, out left))
                {
                    stop = Stop.InputEmpty;
                    break;
                }
                if (left <= 0)
                {
                    EndChunks(left);
                    left = 0;
                    stop = Stop.PartEnded;
                    break;
                }
            }
            var count = Math.Min(left, Math.Min(input.Length, target.Length));
            input[..count].CopyTo(target);
            input = input[count..];
            target = target[count..];
            left -= count;
            if (input.IsEmpty && left > 0)
            {
                stop = target.IsEmpty ? Stop.BlockFull : Stop.InputEmpty;
                break;
            }
        }
        blockUsed = ArchiveBlocks.BlockBytes - target.Length;
        chunkLeft = left;
        return stop;
    }

    private void EndChunks(int length)
    {
        if (length < 0)
        {
            throw Damaged($"a piece of {entry!.Kind} {entry.Tag} has the length {length}");
        }
        expected = part!.Kind == ArchivePartKind.LargeObject ? Expected.LargeObject : Expected.BlockType;
    }

    private bool TryTakeNumber(ref ReadOnlySpan<byte> input, out int value)
    {
        if (numberBytes == 0 && input.Length >= ArchivePrimitives.IntBytes)
        {
            value = ArchivePrimitives.ReadInt(input);
            input = input[ArchivePrimitives.IntBytes..];
            return true;
        }
        var count = Math.Min(input.Length, number.Length - numberBytes);
        input[..count].CopyTo(number.AsSpan(numberBytes));
        input = input[count..];
        numberBytes += count;
        value = 0;
        if (numberBytes < number.Length)
        {
            return false;
        }
        value = ArchivePrimitives.ReadInt(number);
        numberBytes = 0;
        return true;
    }

    private void CheckEnd()
    {
        if (expected != Expected.BlockType)
        {
            throw new ArchiveCutOff($"The archive of pg_dump ends within the data of {entry?.Kind} {entry?.Tag}.");
        }
        if (waiting.Count > 0)
        {
            var missing = waiting.Values.First();
            throw new ArchiveCutOff(
                $"The archive of pg_dump ends before the data of {waiting.Count} entries, such as {missing.Kind} {missing.Tag}.");
        }
    }

    private static SourceException Damaged(string what) => new(SourceError.Damaged, $"The archive of pg_dump is damaged: {what}.");
}

/// <summary>The archive ended too early. Why, the program that wrote it may know.</summary>
internal sealed class ArchiveCutOff(string message) : Exception(message);
