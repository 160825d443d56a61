using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Monitoring;

/// <summary>What the daemon does all the time: gives signs of life, and looks whether all is well.</summary>
public sealed class MonitorLoop
{
    /// <summary>How often a sign of life is given.</summary>
    public static readonly TimeSpan BeatEvery = TimeSpan.FromMinutes(1);

    // Two looks at once would ask every source twice, and tell people twice of what one of them was about to note.
    private static readonly SemaphoreSlim OneAtATime = new(1);

    private readonly CatalogDatabase catalog;
    private readonly Func<TimeSpan> interval;
    private readonly Func<CancellationToken, Task<HealthRun>> look;
    private readonly TimeProvider clock;
    private readonly Action<string> warn;

    /// <param name="catalog">For the signs of life.</param>
    /// <param name="interval">How long between two looks; asked each time, since the configuration may have changed.</param>
    /// <param name="look">Looks, with the configuration that counts now, and gives back what it found.</param>
    /// <param name="clock">All waiting.</param>
    /// <param name="warn">Told what could not be done; the next look comes all the same.</param>
    public MonitorLoop(
        CatalogDatabase catalog,
        Func<TimeSpan> interval,
        Func<CancellationToken, Task<HealthRun>> look,
        TimeProvider clock,
        Action<string> warn) =>
        (this.catalog, this.interval, this.look, this.clock, this.warn) = (catalog, interval, look, clock, warn);

    /// <summary>What the last look found; null before the first.</summary>
    public HealthReport? Report { get; private set; }

    /// <summary>The facts that it went by, for metrics.</summary>
    public MonitorFacts? Facts { get; private set; }

    /// <summary>
    /// Until it is cancelled, and then it says farewell: the catalog tells a service that was stopped from one that died.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? last = null;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var now = clock.GetUtcNow();
                Try(() => new Heartbeats(catalog).Beat(Heartbeats.Scheduler, now, BeatEvery, ProcessIdentity.Current));

                // From beginning to beginning: a look that takes long does not push the next away. A clock set back must not silence it.
                if (last is null || now - last >= interval() || now < last)
                {
                    last = now;
                    await LookAsync(cancellationToken);
                }
                await Task.Delay(BeatEvery, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to end.
        }
        finally
        {
            Try(() => new Heartbeats(catalog).Stop(Heartbeats.Scheduler));
        }
    }

    /// <summary>Looks now; what fails is a warning. Waits for a look that is under way.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            var run = await look(cancellationToken);
            (Report, Facts) = (run.Report, run.Facts);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            warn($"Health could not be looked at: {ErrorTable.Describe(e).Message}");
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (LarderException e)
        {
            warn(e.Message);
        }
    }
}
