namespace Larder.Repository.Chunking;

/// <summary>
/// Decides where a stream is cut into blobs. A chunker keeps no state between calls, so one may be shared by threads,
/// and the same bytes are cut at the same places whatever came before the last cut.
/// </summary>
public interface IChunker
{
    /// <summary>No chunk is longer than this many bytes.</summary>
    int BytesMax { get; }

    /// <summary>
    /// The length of the chunk that begins at <c>data[0]</c>: from 1 to <see cref="BytesMax"/>, and never more than there is.
    /// </summary>
    /// <param name="data">
    /// What follows the last cut: at least <see cref="BytesMax"/> bytes, or all that is left of the stream. Bytes beyond
    /// <see cref="BytesMax"/> do not matter. Not empty.
    /// </param>
    int Cut(ReadOnlySpan<byte> data);
}
