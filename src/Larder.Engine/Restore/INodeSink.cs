namespace Larder.Engine.Restore;

/// <summary>Takes nodes with their contents, one after the other: a folder on disk, an archive.</summary>
internal interface INodeSink
{
    /// <summary>
    /// Whether a file's content is needed; not for a second name of a file that was asked for before. Asked of all files in order, some
    /// time before <see cref="BeginAsync"/>.
    /// </summary>
    bool WantsContent(in PlacedNode node);

    /// <summary>Begins a node. For a file whose content is wanted, that follows; then <see cref="EndAsync"/>.</summary>
    ValueTask BeginAsync(PlacedNode node, CancellationToken cancellationToken);

    /// <param name="bytes">Good until this completes.</param>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    ValueTask EndAsync(PlacedNode node, CancellationToken cancellationToken);
}
