using Larder.Sources;

namespace Larder.Engine.Servers;

/// <summary>
/// Blobs in order as one stream, forward only, read asynchronously. Disposing it ends the reading ahead; `await using` waits for that end.
/// </summary>
/// <param name="blobs">Hands out each blob, valid until the next; begun with the token of the second parameter. Disposed here.</param>
/// <param name="stopping">Stops the reading ahead. Disposed here.</param>
internal sealed class BlobStream(IAsyncEnumerator<ReadOnlyMemory<byte>> blobs, CancellationTokenSource stopping) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> rest;
    private bool isAtEnd;
    private bool isDisposed;

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
}
