namespace Larder.Sources.MySql;

/// <summary>A stream whose bytes are made while it is read, a piece at a time.</summary>
internal abstract class ProducedStream : Stream
{
    /// <summary>A piece is given out when it has this length; what makes it may go beyond by one row or statement.</summary>
    protected const int PieceBytes = 256 * 1024;

    private bool ended;

    public long BytesRead { get; private set; }

    /// <summary>Whether all of it was read.</summary>
    public bool IsAtEnd => ended && Piece.Position == Piece.Length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What is being made.</summary>
    protected MemoryStream Piece { get; } = new(PieceBytes * 2);

    /// <summary>Adds to <see cref="Piece"/>, perhaps nothing; false when there is no more.</summary>
    protected abstract ValueTask<bool> ProduceAsync(CancellationToken cancellationToken);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Piece.Position == Piece.Length && !ended)
        {
            Piece.SetLength(0);
            while (Piece.Length < PieceBytes && !ended)
            {
                ended = !await ProduceAsync(cancellationToken);
            }
            Piece.Position = 0;
        }
        var read = Piece.Read(buffer.Span);
        BytesRead += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Piece.Dispose();
        }
        base.Dispose(disposing);
    }
}
