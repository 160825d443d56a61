namespace Larder.Systemd;

/// <summary>
/// What systemd is told while a service runs: that it serves, what it does, that it reads its configuration again, that it ends; and as
/// long as it turns, that it lives. One that stands still says nothing, and systemd begins it anew.
/// </summary>
internal sealed class Supervision : IAsyncDisposable
{
    private static readonly TimeSpan BeatWithoutWatchdog = TimeSpan.FromMinutes(1);

    private readonly NotifySocket socket;
    private readonly Func<CancellationToken, Task<string?>> findStandstill;
    private readonly Func<string> status;
    private readonly Action<string> warn;
    private readonly TimeProvider clock;
    private readonly TimeSpan beat;
    private readonly CancellationTokenSource ending = new();
    private readonly Task beating;
    private volatile bool isStopping;

    private Supervision(
        NotifySocket socket,
        Func<CancellationToken, Task<string?>> findStandstill,
        Func<string> status,
        Action<string> warn,
        TimeProvider clock)
    {
        (this.socket, this.findStandstill, this.status, this.warn, this.clock) = (socket, findStandstill, status, warn, clock);
        beat = socket.Watchdog is { } watchdog ? watchdog / 3 : BeatWithoutWatchdog; // Two may go astray.
        socket.Tell("READY=1", Status());
        beating = BeatAsync();
    }

    /// <summary>Tells that the service serves, and from then on that it lives.</summary>
    /// <param name="socket">Its owner disposes of it after this.</param>
    /// <param name="findStandstill">
    /// What stands still, in a sentence; null where all turns. It is given a third of the watchdog's time, after which it counts as
    /// standing still itself.
    /// </param>
    /// <param name="status">What the service does, in a sentence.</param>
    /// <param name="warn">Told of a standstill.</param>
    /// <param name="clock">When to look.</param>
    public static Supervision Begin(
        NotifySocket socket,
        Func<CancellationToken, Task<string?>> findStandstill,
        Func<string> status,
        Action<string> warn,
        TimeProvider clock) => new(socket, findStandstill, status, warn, clock);

    /// <summary>Reads the configuration again; <c>systemctl reload</c> waits for that.</summary>
    public void Reload(Action read)
    {
        socket.Tell("RELOADING=1");
        try
        {
            read();
        }
        finally
        {
            socket.Tell("READY=1", Status());
        }
    }

    /// <summary>From now on it lives until it has ended: the end has its own limit, <c>TimeoutStopSec</c>.</summary>
    public void Stopping()
    {
        isStopping = true;
        socket.Tell("STOPPING=1", "STATUS=Ending: what runs may come to its end.");
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await beating;
        ending.Dispose();
    }

    private string Status() => $"STATUS={status()}";

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(beat, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                if (isStopping)
                {
                    socket.Tell("WATCHDOG=1");
                }
                else if (await StandstillAsync() is { } standstill)
                {
                    socket.Tell($"STATUS={standstill}");
                    warn(standstill);
                }
                else
                {
                    socket.Tell("WATCHDOG=1", Status());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }

    private async Task<string?> StandstillAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        try
        {
            // On a thread of its own: what is asked may wait for a lock that is never given back.
            return await Task.Run(() => findStandstill(patience.Token), CancellationToken.None).WaitAsync(beat, clock, ending.Token);
        }
        catch (TimeoutException)
        {
            await patience.CancelAsync();
            return "The service does not say whether it lives.";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return $"The service cannot say whether it lives: {e.Message}";
        }
    }
}
