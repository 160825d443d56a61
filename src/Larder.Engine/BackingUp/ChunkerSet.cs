using Larder.Repository.Chunking;
using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>Which chunker cuts which style of content.</summary>
internal sealed class ChunkerSet
{
    // Fine cuts keep an appended or edited dump small; 155 bytes of metadata a chunk are 0.24 % at 64 KiB (measured, ENGINE-NOTES of the
    // design).
    private const int DumpBytes = 64 << 10;

    // Sixteen pages of 4 KiB: a page written in place costs at most one chunk of 64 KiB, compressed.
    private const int PagesBytes = 64 << 10;

    // Few files are changed in place; larger chunks compress better and are fewer to look up.
    private const int FileBytes = 512 << 10;

    private readonly IChunker dump;
    private readonly IChunker pages;
    private readonly IChunker file;

    /// <param name="repository">Whose key places the cuts. With several repositories the first: they all get the same chunks.</param>
    /// <param name="chunkBytes">The job's own size for all styles; null for what fits each.</param>
    public ChunkerSet(Repository.Repository repository, int? chunkBytes)
    {
        dump = repository.CreateChunker(ChunkSizes.Around(chunkBytes ?? DumpBytes));
        pages = new FixedChunker(chunkBytes ?? PagesBytes);
        file = repository.CreateChunker(ChunkSizes.Around(chunkBytes ?? FileBytes));
    }

    public IChunker For(ContentStyle style) => style switch
    {
        ContentStyle.Dump => dump,
        ContentStyle.Pages => pages,
        ContentStyle.File => file,
        _ => throw new ArgumentOutOfRangeException(nameof(style)),
    };
}
