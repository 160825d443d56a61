using System.Text;
using System.Threading.Channels;

namespace Larder.Sources.PostgreSql;

/// <summary>Hands the pieces of an archive over as files, one after the other. Not for concurrent use.</summary>
internal sealed class PieceReader(ChannelReader<ArchivePiece> pieces, TimeProvider clock)
{
    private ArchivePart? part;
    private ArchivePiece piece;
    private bool hasPiece;
    private int taken;
    private bool atEnd = true;
    private long startedAt;
    private IEnumerator<uint>? list;
    private ReadOnlyMemory<byte> line;

    /// <summary>The next file; null behind the last. What was left unread of the one before is passed over.</summary>
    public async ValueTask<ArchivePart?> MoveNextAsync(CancellationToken cancellationToken)
    {
        while (!atEnd)
        {
            await SkipPieceAsync(cancellationToken);
        }
        if (!await TryFetchAsync(cancellationToken))
        {
            return part = null;
        }
        part = piece.Part;
        atEnd = false;
        list = part.Kind == ArchivePartKind.LargeObjectList ? part.Oids.GetEnumerator() : null;
        startedAt = clock.GetTimestamp();
        return part;
    }

    /// <returns>0 at the end of the file.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (list is not null)
        {
            return Advance(ReadList(buffer.Span));
        }
        while (!atEnd && buffer.Length > 0)
        {
            if (!hasPiece && !await TryFetchAsync(cancellationToken))
            {
                throw new InvalidOperationException("A file of the archive has no end.");
            }
            var count = Math.Min(buffer.Length, piece.Length - taken);
            piece.Span.Slice(taken, count).CopyTo(buffer.Span);
            taken += count;
            if (taken == piece.Length)
            {
                EndPiece();
            }
            if (count > 0)
            {
                return Advance(count);
            }
        }
        return 0;
    }

    private async ValueTask<bool> TryFetchAsync(CancellationToken cancellationToken)
    {
        while (!hasPiece)
        {
            if (pieces.TryRead(out piece))
            {
                hasPiece = true;
                taken = 0;
            }
            else if (!await pieces.WaitToReadAsync(cancellationToken)) // Throws what the splitter failed with.
            {
                return false;
            }
        }
        return true;
    }

    private async ValueTask SkipPieceAsync(CancellationToken cancellationToken)
    {
        if (await TryFetchAsync(cancellationToken))
        {
            EndPiece();
        }
    }

    private void EndPiece()
    {
        atEnd = piece.IsLast;
        hasPiece = false;
        piece.Release();
        if (atEnd)
        {
            part!.Duration = clock.GetElapsedTime(startedAt);
        }
    }

    private int Advance(int count)
    {
        part!.Bytes += count;
        return count;
    }

    /// <summary>Lines of <c>OID blob_OID.dat</c>, made as they are asked for.</summary>
    private int ReadList(Span<byte> buffer)
    {
        var written = 0;
        while (written < buffer.Length)
        {
            if (line.IsEmpty)
            {
                if (!list!.MoveNext())
                {
                    break;
                }
                line = Encoding.ASCII.GetBytes($"{list.Current} blob_{list.Current}.dat\n");
            }
            var count = Math.Min(line.Length, buffer.Length - written);
            line.Span[..count].CopyTo(buffer[written..]);
            line = line[count..];
            written += count;
        }
        return written;
    }
}
