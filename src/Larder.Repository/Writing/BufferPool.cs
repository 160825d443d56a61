using System.Collections.Concurrent;

namespace Larder.Repository.Writing;

/// <summary>
/// A bounded number of equal buffers, made when first needed. Who waits for one is held back until another stage is done with it.
/// </summary>
internal sealed class BufferPool<T>(int count, Func<T> create) : IDisposable
    where T : class
{
    private readonly SemaphoreSlim available = new(count);
    private readonly ConcurrentBag<T> free = [];

    public async ValueTask<T> RentAsync(CancellationToken cancellationToken)
    {
        await available.WaitAsync(cancellationToken);
        return free.TryTake(out var buffer) ? buffer : create();
    }

    public void Return(T buffer)
    {
        free.Add(buffer);
        available.Release();
    }

    /// <summary>From now on there may be one buffer more.</summary>
    public void Widen() => available.Release();

    /// <summary>Lets go of the buffers that nobody uses; who needs one later gets a new one.</summary>
    public void Trim() => free.Clear();

    public void Dispose() => available.Dispose();
}
