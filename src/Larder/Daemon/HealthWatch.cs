using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>Looks whether all is well as often as `monitor.check_interval_minutes` says, alerts, and gives signs of life.</summary>
internal sealed class HealthWatch
{
    private readonly RunExecution execution;
    private readonly MonitorLoop loop;

    public HealthWatch(
        RunExecution execution, CatalogDatabase catalog, Func<LarderConfiguration> configuration, TimeProvider clock, ILogger log)
    {
        this.execution = execution;
        loop = new MonitorLoop(
            catalog, () => Thresholds.Of(configuration().Monitor).CheckInterval, LookOnceAsync, clock, log.Warned);
    }

    /// <summary>For <see cref="MetricsPage"/>; null before the first look.</summary>
    public MonitorFacts? Facts => loop.Facts;

    /// <summary>Null before the first look.</summary>
    public HealthReport? Report => loop.Report;

    /// <summary>Until it is cancelled. Completes when the last look has ended.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => loop.RunAsync(cancellationToken);

    /// <summary>Looks now, besides.</summary>
    public Task LookAsync(CancellationToken cancellationToken) => loop.LookAsync(cancellationToken);

    private async Task<HealthRun> LookOnceAsync(CancellationToken cancellationToken)
    {
        using var composition = execution.Compose();
        var run = composition.Alerts.Health(composition.ContextWithCatalog(), tellsPeople: true);
        await run.ExecuteAsync(cancellationToken);
        await composition.Alerts.CompleteAsync(cancellationToken.IsCancellationRequested);
        return run;
    }
}
