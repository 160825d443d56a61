using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>A stream to read from that tells the progress how far it is.</summary>
internal sealed class CountingStream(Stream inner, RunProgress progress) : ReadOnlyStream
{
    public long ReadBytes { get; private set; }

    public override long Position
    {
        get => ReadBytes;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        ReadBytes += read;
        progress.Advance(read);
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
