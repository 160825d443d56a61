using System.Buffers.Binary;
using System.Buffers.Text;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>How documents are inserted.</summary>
internal enum InsertManner
{
    /// <summary>Beside what is live, past validators.</summary>
    Loading,

    /// <summary>The same, one after another, as a capped collection wants it.</summary>
    InOrder,

    /// <summary>Into a live collection, which may refuse single ones.</summary>
    Guarded,
}

/// <summary>
/// One <c>insert</c> command, made in place and over again in the same buffer, with its documents as they lie in the dump.
/// Not for concurrent use.
/// </summary>
internal sealed class InsertBatch
{
    public const int DocumentsMax = 100_000; // The server's own bound (maxWriteBatchSize).

    // The server takes commands of 16 MiB and 16 KiB and no more, whatever its messages may hold, so that one document of 16 MiB just fits.
    // Smaller ones fill a batch to 4 MiB: beyond that nothing was gained, and memory was lost.
    private const int WantedBytes = 4 * 1024 * 1024;
    private const int NameBytesMax = 8; // The type, up to five digits and a zero.
    private const int EndBytes = 2; // Of the array, and of the command.

    private readonly int arrayStart;
    private byte[] buffer;
    private int length;

    /// <param name="collection">Its name.</param>
    /// <param name="manner">How it is inserted.</param>
    public InsertBatch(string collection, InsertManner manner)
    {
        var writer = new BsonWriter();
        writer.String("insert", collection);
        writer.Boolean("ordered", manner == InsertManner.InOrder);
        writer.StartDocument("writeConcern");
        if (manner == InsertManner.Guarded)
        {
            writer.String("w", "majority");
            writer.End();
        }
        else
        {
            writer.Int32("w", 1); // The swap at the end is what waits until all of it is on disk.
            writer.End();
            writer.Boolean("bypassDocumentValidation", true); // A validator may have come after the documents.
        }
        writer.StartArray("documents");
        writer.End();
        var head = writer.ToMemory().Span;
        arrayStart = head.Length - 4 - 1 - 1; // Of the empty array: its length, its end, and the end of the command.
        buffer = new byte[WantedBytes + head.Length];
        head[..(arrayStart + 4)].CopyTo(buffer);
        length = arrayStart + 4;
    }

    public int Documents { get; private set; }

    /// <summary>Bytes of documents.</summary>
    public long DocumentBytes { get; private set; }

    public bool IsFull => Documents == DocumentsMax;

    /// <returns>False where the document must go into the next batch; an empty one takes any.</returns>
    public bool TryAdd(ReadOnlySpan<byte> document)
    {
        if (Documents > 0 && (IsFull || length + NameBytesMax + document.Length + EndBytes > WantedBytes))
        {
            return false;
        }
        var needed = length + NameBytesMax + document.Length + EndBytes;
        if (needed > buffer.Length)
        {
            Array.Resize(ref buffer, needed);
        }
        buffer[length++] = (byte)BsonType.Document;
        Utf8Formatter.TryFormat(Documents, buffer.AsSpan(length), out var digits);
        length += digits;
        buffer[length++] = 0;
        document.CopyTo(buffer.AsSpan(length));
        length += document.Length;
        Documents++;
        DocumentBytes += document.Length;
        return true;
    }

    /// <summary>The command. Valid until the batch is cleared.</summary>
    public ReadOnlyMemory<byte> ToCommand()
    {
        buffer[length] = 0;
        buffer[length + 1] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(arrayStart), length + 1 - arrayStart);
        BinaryPrimitives.WriteInt32LittleEndian(buffer, length + EndBytes);
        return buffer.AsMemory(0, length + EndBytes);
    }

    public void Clear()
    {
        length = arrayStart + 4;
        Documents = 0;
        DocumentBytes = 0;
    }
}
