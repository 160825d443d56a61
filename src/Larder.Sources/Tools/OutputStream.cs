namespace Larder.Sources.Tools;

/// <summary>Counts what is read and remembers whether the end was seen.</summary>
internal sealed class OutputStream(Stream inner) : ReadOnlyStream
{
    public long BytesRead { get; private set; }

    public bool IsAtEnd { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Note(buffer.Length, await inner.ReadAsync(buffer, cancellationToken));

    public override int Read(byte[] buffer, int offset, int count) => Note(count, inner.Read(buffer, offset, count));

    private int Note(int wanted, int read)
    {
        BytesRead += read;
        IsAtEnd |= wanted > 0 && read == 0;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
