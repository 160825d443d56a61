using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Monitoring;

/// <summary>What the daemon does all the time: gives signs of life, and looks whether all is well.</summary>
/// <param name="parts">The context and the look as they are now; asked before each look, since the configuration may have changed.</param>
/// <param name="clock">All waiting.</param>
public sealed class MonitorLoop(Func<(EngineContext Context, HealthRun Health)> parts, TimeProvider clock)
{
    /// <summary>How often a sign of life is given.</summary>
    public static readonly TimeSpan BeatEvery = TimeSpan.FromMinutes(1);

    /// <summary>What the last look found; null before the first.</summary>
    public HealthReport? Report { get; private set; }

    /// <summary>The facts that it went by, for metrics.</summary>
    public MonitorFacts? Facts { get; private set; }

    /// <summary>Until it is cancelled. A look that fails is a warning, and the next one comes.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var next = DateTimeOffset.MinValue;
        try
        {
            while (true)
            {
                var (context, health) = parts();
                Do(context, catalog => new Heartbeats(catalog).Beat(
                    Heartbeats.Scheduler, clock.GetUtcNow(), BeatEvery, ProcessIdentity.Current));
                if (clock.GetUtcNow() >= next)
                {
                    // A moment of its own before the look: one that takes long does not push the next away.
                    next = clock.GetUtcNow() + Thresholds.Of(context.Configuration.Monitor).CheckInterval;
                    await LookAsync(context, health, cancellationToken);
                }
                await Task.Delay(BeatEvery, clock, cancellationToken);
            }
        }
        finally
        {
            Do(parts().Context, catalog => new Heartbeats(catalog).Stop(Heartbeats.Scheduler));
        }
    }

    private async Task LookAsync(EngineContext context, HealthRun health, CancellationToken cancellationToken)
    {
        try
        {
            Report = await health.ExecuteAsync(cancellationToken);
            Facts = health.Facts;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            context.Warn($"Health could not be looked at: {ErrorTable.Describe(e).Message}");
        }
    }

    private static void Do(EngineContext context, Action<CatalogDatabase> write)
    {
        try
        {
            if (context.Catalog is { } catalog)
            {
                write(catalog);
            }
        }
        catch (LarderException e)
        {
            context.Warn(e.Message);
        }
    }
}
