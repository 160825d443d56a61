using System.Threading.Channels;

namespace Larder.Sources.PostgreSql;

/// <summary>A buffer that several read at once; it goes back when the last of them has released it.</summary>
internal sealed class ArchiveBlock(ArchiveBlocks home)
{
    private int users;

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(ArchiveBlocks.BlockBytes);

    public void Use(int count) => Interlocked.Add(ref users, count);

    public void Release()
    {
        if (Interlocked.Decrement(ref users) == 0)
        {
            home.Return(this);
        }
    }
}

/// <summary>
/// A fixed number of buffers, made when they are first needed. Who wants one while all are in use waits: so far may reading be ahead.
/// </summary>
internal sealed class ArchiveBlocks
{
    // 12 blocks of 256 KiB between pg_dump, the hashing and the reader: 3 MiB.
    public const int BlockBytes = 256 * 1024;
    private const int BlocksMax = 12;

    private readonly Channel<ArchiveBlock> free = Channel.CreateBounded<ArchiveBlock>(BlocksMax);
    private int made;

    /// <summary>One that the caller uses until it releases it.</summary>
    public async ValueTask<ArchiveBlock> RentAsync(CancellationToken cancellationToken)
    {
        if (!free.Reader.TryRead(out var block))
        {
            block = made < BlocksMax ? Make() : await free.Reader.ReadAsync(cancellationToken);
        }
        block.Use(1);
        return block;
    }

    internal void Return(ArchiveBlock block) => free.Writer.TryWrite(block);

    private ArchiveBlock Make()
    {
        made++;
        return new ArchiveBlock(this);
    }
}
