using System.Threading.Channels;

namespace Larder.Sources.PostgreSql;

/// <summary>Fingerprints the pieces of an archive beside the one who reads them, on a thread of its own.</summary>
internal static class RowCounter
{
    /// <summary>Goes through all pieces. Fails with <see cref="SourceError.Damaged"/>, naming the table.</summary>
    public static async Task CountAsync(ChannelReader<ArchivePiece> pieces, CancellationToken cancellationToken)
    {
        using var rows = new CopyText();
        using var objects = new LargeObjectHasher();
        ArchivePart? current = null;
        await foreach (var piece in pieces.ReadAllAsync(cancellationToken))
        {
            try
            {
                switch (piece.Part.Kind)
                {
                    case ArchivePartKind.Rows:
                        AddRows(piece, rows);
                        break;
                    case ArchivePartKind.LargeObject:
                        AddObject(piece, objects, isFirst: piece.Part != current);
                        break;
                    default:
                        piece.Part.Fingerprint = objects.EndList();
                        break;
                }
                current = piece.Part;
            }
            catch (SourceException error)
            {
                var entry = piece.Part.Entry;
                throw new SourceException(error.Error, $"The data of {entry.Schema}.{entry.Tag} is damaged. {error.Message}", error);
            }
            finally
            {
                piece.Release();
            }
        }
    }

    private static void AddRows(ArchivePiece piece, CopyText rows)
    {
        rows.Append(piece.Span);
        if (piece.IsLast)
        {
            piece.Part.Fingerprint = rows.EndTable();
        }
    }

    private static void AddObject(ArchivePiece piece, LargeObjectHasher objects, bool isFirst)
    {
        if (isFirst)
        {
            objects.Begin(piece.Part.Oid);
        }
        objects.Append(piece.Span);
        if (piece.IsLast)
        {
            objects.EndObject();
        }
    }
}
