using System.Buffers;
using System.Buffers.Binary;

namespace Larder.Sources.MongoDb;

/// <summary>
/// The documents of a .bson file, one after another. Holds one buffer of 1 MiB, or as large as the largest document. Does not dispose the
/// stream.
/// </summary>
internal sealed class BsonStreamReader(Stream stream) : IDisposable
{
    private const int BufferBytes = 1024 * 1024;
    private const int DocumentBytesMin = 5;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int end;
    private bool isAtEnd;

    /// <summary>The document after a <see cref="ReadAsync"/> that returned true; gone with the next.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Bytes of the documents read so far: where the current one ends.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// Goes on to the next document. Fails with <see cref="BsonException"/> where its length cannot be, or the file ends in the midst of
    /// it; what is inside is not looked at.
    /// </summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(4, cancellationToken))
        {
            return end == start ? false : throw new BsonException($"The file ends in the midst of a length, at byte {Position}.");
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(start));
        if (length is < DocumentBytesMin or > Bson.DocumentBytesMax)
        {
            throw new BsonException($"At byte {Position} a document of {length} bytes begins, which cannot be.");
        }
        if (!await FillAsync(length, cancellationToken))
        {
            throw new BsonException($"The file ends in the midst of the document that begins at byte {Position}.");
        }
        Current = buffer.AsMemory(start, length);
        start += length;
        Position += length;
        return true;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        Current = default;
    }

    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellationToken)
    {
        while (end - start < wanted)
        {
            if (isAtEnd)
            {
                return false;
            }
            MakeRoom(wanted);
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
            end += read;
            isAtEnd = read == 0;
        }
        return true;
    }

    private void MakeRoom(int wanted)
    {
        if (start > 0 && buffer.Length - start < wanted)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }
        if (buffer.Length < wanted)
        {
            var larger = ArrayPool<byte>.Shared.Rent(wanted);
            buffer.AsSpan(start, end - start).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        else if (end == buffer.Length)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }
    }
}
