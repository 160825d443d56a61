using System.Buffers;

namespace Larder.Repository.Storage;

/// <summary>
/// Keeps the traffic with a storage below a rate, in both directions separately. Reads are made in pieces of a quarter second; a put goes
/// out at the inner storage's speed and the next one waits until its bytes are paid for. Idle time earns no burst.
/// </summary>
public sealed class ThrottledStorage : IStorage
{
    // Smaller pieces would cost more in requests than they smooth.
    private const int ReadPieceBytesMin = 64 << 10;

    private readonly IStorage inner;
    private readonly ByteRate up;
    private readonly ByteRate down;

    /// <param name="upBytesPerSecond">For puts; 0 for no limit.</param>
    /// <param name="downBytesPerSecond">For reads; 0 for no limit.</param>
    public ThrottledStorage(IStorage inner, long upBytesPerSecond, long downBytesPerSecond, TimeProvider time)
    {
        this.inner = inner;
        up = new ByteRate(upBytesPerSecond, time);
        down = new ByteRate(downBytesPerSecond, time);
    }

    public string Location => inner.Location;

    public TimeSpan ListingDelay => inner.ListingDelay;

    public async Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        await up.PassAsync(content.Length, cancellationToken);
        await inner.PutAsync(key, content, cancellationToken);
    }

    public async Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var pieceBytes = (int)Math.Clamp(down.BytesPerSecond / 4, ReadPieceBytesMin, int.MaxValue);
        if (down.BytesPerSecond == 0)
        {
            pieceBytes = int.MaxValue;
        }

        var total = 0;
        do
        {
            var piece = destination.Slice(total, Math.Min(pieceBytes, destination.Length - total));
            await down.PassAsync(piece.Length, cancellationToken);
            var read = await inner.ReadAsync(key, offset + total, piece, cancellationToken);
            total += read;
            if (read < piece.Length)
            {
                down.GiveBack(piece.Length - read);
                break;
            }
        }
        while (total < destination.Length);
        return total;
    }

    public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) =>
        inner.FindLengthAsync(key, cancellationToken);

    public IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, CancellationToken cancellationToken) =>
        inner.ListAsync(kind, cancellationToken);

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) =>
        inner.DeleteAsync(key, cancellationToken);
}
