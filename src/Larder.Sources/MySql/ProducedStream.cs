namespace Larder.Sources.MySql;

/// <summary>A stream whose bytes are made while it is read, a piece at a time.</summary>
internal abstract class ProducedStream : ReadOnlyStream
{
    /// <summary>A piece is given out when it has this length; what makes it may go beyond by one row or statement.</summary>
    protected const int PieceBytes = 256 * 1024;

    private bool ended;

    public long BytesRead { get; private set; }

    /// <summary>Whether all of it was read.</summary>
    public bool IsAtEnd => ended && Piece.Position == Piece.Length;

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

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Piece.Dispose();
        }
        base.Dispose(disposing);
    }
}
