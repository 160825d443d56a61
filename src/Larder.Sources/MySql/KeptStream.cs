namespace Larder.Sources.MySql;

/// <summary>Content whose figures are asked after its reader has disposed of it.</summary>
internal sealed class KeptStream(Stream inner) : ReadOnlyStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
}
