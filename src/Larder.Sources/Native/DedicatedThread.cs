using System.Collections.Concurrent;

namespace Larder.Sources.Native;

/// <summary>
/// A thread that runs calls which block, one after another, so that no thread of the pool waits in native code. Disposing lets what
/// was begun end by itself and does not wait for it.
/// </summary>
internal sealed class DedicatedThread : IDisposable
{
    private const int StackBytes = 1024 * 1024; // The drivers' deepest calls, TLS included, take about 100 KiB.

    private readonly BlockingCollection<Action> calls = [];

    // The thread learns that no more calls come before CompleteAdding has returned, and must not dispose the collection under it.
    private readonly Lock ending = new();

    public DedicatedThread(string name) => new Thread(Run, StackBytes) { Name = name, IsBackground = true }.Start();

    /// <summary>The result of a call, made after those that were asked for before. It continues on the thread pool.</summary>
    public Task<T> RunAsync<T>(Func<T> call)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Add(() =>
        {
            try
            {
                completion.SetResult(call());
            }
            catch (Exception error)
            {
                completion.SetException(error);
            }
        });
        return completion.Task;
    }

    public void Dispose()
    {
        lock (ending)
        {
            calls.CompleteAdding();
        }
    }

    private void Run()
    {
        foreach (var call in calls.GetConsumingEnumerable())
        {
            call();
        }
        lock (ending)
        {
            calls.Dispose();
        }
    }
}
