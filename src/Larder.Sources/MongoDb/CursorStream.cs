namespace Larder.Sources.MongoDb;

/// <summary>The documents of a cursor as one stream of bytes: the content of a .bson file. Does not dispose the reader.</summary>
internal sealed class CursorStream(CursorReader reader) : Stream
{
    private DocumentBatch? batch;
    private ReadOnlyMemory<byte> rest;
    private bool isAtEnd;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var read = 0;
        while (read < buffer.Length)
        {
            if (rest.IsEmpty)
            {
                // What is there is given out before the next batch is waited for.
                if (isAtEnd || (read > 0 && batch is not null) || !await NextAsync(cancellationToken))
                {
                    break;
                }
                continue;
            }
            var part = rest[..Math.Min(rest.Length, buffer.Length - read)];
            part.CopyTo(buffer[read..]);
            rest = rest[part.Length..];
            read += part.Length;
        }
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is read asynchronously.");

    public override void Flush()
    {
        // It is only read.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        batch?.Dispose();
        batch = null;
        rest = default;
        isAtEnd = true;
        base.Dispose(disposing);
    }

    private async ValueTask<bool> NextAsync(CancellationToken cancellationToken)
    {
        batch?.Dispose();
        batch = null;
        batch = await reader.TakeAsync(cancellationToken);
        rest = batch?.Bytes ?? default;
        isAtEnd = batch is null;
        return !isAtEnd;
    }
}
