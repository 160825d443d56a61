using Larder.Engine.Catalog;

namespace Larder.Daemon;

/// <summary>What routes are made of: everything that is asked of the service goes through these.</summary>
internal sealed record DaemonParts
{
    public required LiveConfiguration Configuration { get; init; }

    public required RunQueue Queue { get; init; }

    public required Timekeeper Timekeeper { get; init; }

    /// <summary>Gives the engine for reading: <see cref="RunExecution.Compose"/>.</summary>
    public required RunExecution Execution { get; init; }

    /// <summary>How everything stands, and the facts for metrics.</summary>
    public HealthWatch? Health { get; init; }

    public required CatalogDatabase Catalog { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Is cancelled as soon as the service is asked to end.</summary>
    public required CancellationToken Stopping { get; init; }
}
