namespace Larder.Sources.PostgreSql;

/// <summary>
/// The content of the file that a <see cref="PieceReader"/> stands at. Disposing it early leaves the rest to be passed over.
/// </summary>
internal sealed class PartStream(PieceReader reader) : ReadOnlyStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        reader.ReadAsync(buffer, cancellationToken);
}
