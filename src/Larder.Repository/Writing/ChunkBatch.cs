namespace Larder.Repository.Writing;

/// <summary>Chunks of one or several streams that lie one after another in one buffer: what a worker takes at a time.</summary>
internal sealed class ChunkBatch
{
    private readonly List<Chunk> chunks = [];

    /// <param name="bytes">Large enough for a batch and the longest chunk behind it.</param>
    public ChunkBatch(int bytes) => Buffer = GC.AllocateUninitializedArray<byte>(bytes);

    public byte[] Buffer { get; }

    public IReadOnlyList<Chunk> Chunks => chunks;

    public void Add(int offsetBytes, int lengthBytes, PendingContent content) =>
        chunks.Add(new Chunk(offsetBytes, lengthBytes, content, content.Expect(lengthBytes)));

    public void Clear() => chunks.Clear();

    internal readonly record struct Chunk(int OffsetBytes, int LengthBytes, PendingContent Content, int Place);
}
