namespace Larder.Repository.Chunking;

/// <summary>
/// Cuts every so many bytes: for files of pages (SQLite, virtual disks), where content changes in place and never shifts.
/// </summary>
public sealed class FixedChunker : IChunker
{
    /// <param name="chunkBytes">A multiple of the page size, up to 8 MiB.</param>
    public FixedChunker(int chunkBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunkBytes, ChunkSizes.BytesMax);
        BytesMax = chunkBytes;
    }

    public int BytesMax { get; }

    public int Cut(ReadOnlySpan<byte> data) => Math.Min(data.Length, BytesMax);
}
