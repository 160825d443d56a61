namespace Larder.Engine.Servers;

/// <summary>
/// Blobs in order as one stream, forward only, read asynchronously. Disposing it ends the reading ahead; `await using` waits for that end.
/// </summary>
/// <param name="blobs">Hands out each blob, valid until the next; begun with the token of the second parameter. Disposed here.</param>
/// <param name="stopping">Stops the reading ahead. Disposed here.</param>
internal sealed class BlobStream(IAsyncEnumerator<ReadOnlyMemory<byte>> blobs, CancellationTokenSource stopping) : Stream
{
    private ReadOnlyMemory<byte> rest;
    private bool isAtEnd;
    private bool isDisposed;

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
        ObjectDisposedException.ThrowIf(isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        await using var registration = cancellationToken.Register(stopping.Cancel);
        while (rest.IsEmpty && !isAtEnd && !buffer.IsEmpty)
        {
            isAtEnd = !await blobs.MoveNextAsync();
            rest = isAtEnd ? default : blobs.Current;
        }
        var count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        rest = rest[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override async ValueTask DisposeAsync()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            await stopping.CancelAsync();
            await blobs.DisposeAsync();
            stopping.Dispose();
        }
        await base.DisposeAsync();
    }

    // Who cannot wait leaves the end of the reading ahead to itself: it is cancelled, and throws at nobody.
    protected override void Dispose(bool disposing)
    {
        if (disposing && !isDisposed)
        {
            _ = DisposeAsync().AsTask();
        }
        base.Dispose(disposing);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
