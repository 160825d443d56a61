namespace Larder.EndToEnd.Servers;

/// <summary>
/// Several writers that move money between accounts, a transaction each time, until it is stopped. The sum never changes.
/// </summary>
internal sealed class MovingMoney : IAsyncDisposable
{
    public const int Writers = 2;

    private readonly CancellationTokenSource stopping = new();
    private readonly Task writing;
    private volatile TaskCompletionSource next = NewSignal();
    private int moved;

    /// <param name="open">
    /// Opens the connection of one writer, by its number; what it returns makes one transfer, and is used by this writer only.
    /// </param>
    /// <param name="random">Where the writers' own randomness comes from.</param>
    public MovingMoney(Func<int, Task<IWriter>> open, Random random)
    {
        var seeds = Enumerable.Range(0, Writers).Select(_ => random.Next()).ToList();
        writing = Task.WhenAll(seeds.Select((seed, number) => Task.Run(() => WriteAsync(open, number, new Random(seed)))));
    }

    internal interface IWriter : IAsyncDisposable
    {
        Task MoveAsync(Random random);
    }

    /// <summary>Returns when every writer has had the time for a transfer that began after this call.</summary>
    public async Task MoveOnAsync()
    {
        var goal = Volatile.Read(ref moved) + (3 * Writers);
        while (true)
        {
            var signal = next;
            if (Volatile.Read(ref moved) >= goal)
            {
                return;
            }
            await signal.Task;
        }
    }

    /// <summary>Returns when every writer has ended its last transfer. A fault of a writer is thrown here.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WriteAsync(Func<int, Task<IWriter>> open, int number, Random random)
    {
        try
        {
            await using var writer = await open(number);
            while (!stopping.IsCancellationRequested)
            {
                await writer.MoveAsync(random);
                Interlocked.Increment(ref moved);
                Interlocked.Exchange(ref next, NewSignal()).TrySetResult();
            }
        }
        catch (Exception failure)
        {
            next.TrySetException(failure);
            throw;
        }
    }
}
