namespace Larder.Sources.MySql;

/// <summary>Tells how much is read. Disposes of what it reads.</summary>
internal sealed class CountedStream(Stream inner, Action<long> advance) : ProducedStream
{
    private readonly byte[] buffer = new byte[PieceBytes];

    protected override async ValueTask<bool> ProduceAsync(CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Piece.Write(buffer.AsSpan(0, read));
        advance(read);
        return read > 0;
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
