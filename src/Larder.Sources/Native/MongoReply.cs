using System.Buffers;

namespace Larder.Sources.Native;

/// <summary>
/// What a server answered, as BSON in memory of the driver's. The holder disposes it; what was taken from it is gone then.
/// </summary>
internal sealed class MongoReply(Mongoc.BsonHandle bson) : MemoryManager<byte>
{
    private readonly int length = bson.Bytes.Length;

    /// <summary>The whole document.</summary>
    public ReadOnlySpan<byte> Bytes => bson.IsClosed ? throw new ObjectDisposedException(nameof(MongoReply)) : bson.Bytes;

    public override Memory<byte> Memory => CreateMemory(length);

    public override unsafe Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(bson.IsClosed, this);
        return new Span<byte>(Mongoc.BsonData(bson.DangerousGetHandle()), length);
    }

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(bson.IsClosed, this);
        return new MemoryHandle(Mongoc.BsonData(bson.DangerousGetHandle()) + elementIndex);
    }

    public override void Unpin()
    {
        // It does not move.
    }

    /// <summary>A copy that outlives this.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    protected override void Dispose(bool disposing) => bson.Dispose();

    public void Dispose() => ((IDisposable)this).Dispose();
}
