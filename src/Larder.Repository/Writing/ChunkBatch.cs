namespace Larder.Repository.Writing;

/// <summary>Chunks of one or several streams that lie one after another in one buffer: what a worker takes at a time.</summary>
internal sealed class ChunkBatch
{
    private readonly List<Chunk> chunks = [];

    public byte[] Buffer { get; private set; } = [];

    public IReadOnlyList<Chunk> Chunks => chunks;

    /// <summary>Makes the buffer of an empty batch large enough. It never shrinks: the streams of a job are cut alike.</summary>
    public void MakeRoom(int bytes)
    {
        if (Buffer.Length < bytes)
        {
            Buffer = GC.AllocateUninitializedArray<byte>(bytes);
        }
    }

    public void Add(int offsetBytes, int lengthBytes, PendingContent content) =>
        chunks.Add(new Chunk(offsetBytes, lengthBytes, content, content.Expect(lengthBytes)));

    public void Clear() => chunks.Clear();

    internal readonly record struct Chunk(int OffsetBytes, int LengthBytes, PendingContent Content, int Place);
}
