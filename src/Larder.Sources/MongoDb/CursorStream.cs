namespace Larder.Sources.MongoDb;

/// <summary>The documents of a cursor as one stream of bytes: the content of a .bson file.</summary>
/// <param name="reader">Not disposed here.</param>
/// <param name="ended">Called when the stream is disposed.</param>
internal sealed class CursorStream(CursorReader reader, Func<ValueTask> ended) : ReadOnlyStream
{
    private DocumentBatch? batch;
    private ReadOnlyMemory<byte> rest;
    private bool isAtEnd;
    private int disposed;

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

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            await ended();
        }
    }

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
