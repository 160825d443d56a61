using System.Buffers.Binary;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Reads a file of documents, one after another, through a buffer that grows only for a document that is larger than it. Every document
/// is looked at to the end of its top level, so that damage is named here and not guessed from what the server makes of it.
/// </summary>
/// <param name="stream">Read to its end; owned by the caller.</param>
/// <param name="path">For errors.</param>
internal sealed class DocumentReader(Stream stream, EntryPath path)
{
    private const int BufferBytes = 1024 * 1024; // A read from the repository yields up to a chunk; one from a folder this much.
    private const int LengthBytes = 4;
    private const int DocumentBytesMin = 5;

    private static readonly byte[] EmptyTimestamp = new byte[8];

    private byte[] buffer = new byte[BufferBytes];
    private int start;
    private int end;
    private long position;

    /// <summary>
    /// Whether an insert would not store the document that was read last as it is: the server fills in empty timestamps at the top level
    /// and moves <c>_id</c> to the front.
    /// </summary>
    public bool IsChangedByInsert { get; private set; }

    /// <summary>The next document, valid until the next call; empty at the end. Fails with <see cref="SourceError.Damaged"/>.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        if (end - start < LengthBytes && !await FillAsync(LengthBytes, cancellationToken))
        {
            return end == start ? default : throw Damaged("it ends in the middle of a document", null);
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(start));
        if (length is < DocumentBytesMin or > Bson.DocumentBytesMax)
        {
            throw Damaged($"a document of {length} bytes cannot be", null);
        }
        if (end - start < length && !await FillAsync(length, cancellationToken))
        {
            throw Damaged("it ends in the middle of a document", null);
        }
        var document = buffer.AsMemory(start, length);
        Check(document.Span);
        start += length;
        position += length;
        return document;
    }

    private void Check(ReadOnlySpan<byte> document)
    {
        try
        {
            var isFirst = true;
            var idIsLate = false;
            var isEmptyTimestamp = false;
            foreach (var element in new BsonReader(document))
            {
                var isId = element.NameBytes.SequenceEqual("_id"u8);
                idIsLate |= isId && !isFirst;
                isEmptyTimestamp |= !isId && element.Type == BsonType.Timestamp && element.Value.SequenceEqual(EmptyTimestamp);
                isFirst = false;
            }
            IsChangedByInsert = idIsLate || isEmptyTimestamp;
        }
        catch (BsonException error)
        {
            throw Damaged(error.Message.TrimEnd('.'), error);
        }
    }

    /// <returns>False where the file ends before there are so many bytes.</returns>
    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellationToken)
    {
        var kept = buffer.AsMemory(start, end - start);
        var target = buffer.Length >= wanted ? buffer : new byte[wanted + BufferBytes];
        kept.CopyTo(target);
        (buffer, start, end) = (target, 0, kept.Length);
        while (end < wanted)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
            if (count == 0)
            {
                return false;
            }
            end += count;
        }
        return true;
    }

    private SourceException Damaged(string what, Exception? inner) => new(
        SourceError.Damaged, $"{path} of the dump is damaged: at byte {position} {what}.", inner);
}
