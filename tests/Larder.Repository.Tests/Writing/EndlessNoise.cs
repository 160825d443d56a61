namespace Larder.Repository.Tests.Writing;

/// <summary>Noise that is never the same, and a look at the managed memory at every read.</summary>
internal sealed class EndlessNoise(long bytes, bool fails = false) : Stream
{
    private readonly Random random = new(1);
    private long left = bytes;

    public long PeakMemoryBytes { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (left == 0 && fails)
        {
            throw new IOException("The stream broke.");
        }
        PeakMemoryBytes = Math.Max(PeakMemoryBytes, GC.GetTotalMemory(forceFullCollection: false));
        var count = (int)Math.Min(Math.Min(buffer.Length, 64 << 10), left);
        random.NextBytes(buffer[..count]);
        left -= count;
        return count;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
