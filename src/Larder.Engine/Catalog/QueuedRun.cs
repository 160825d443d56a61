namespace Larder.Engine.Catalog;

/// <summary>One run that is to be, or is being, executed by the service.</summary>
public sealed record QueuedRun
{
    /// <summary>What the run is called from now on; see <see cref="Catalog.RunId"/>.</summary>
    public required string RunId { get; init; }

    /// <summary>Null where it concerns no one job.</summary>
    public string? Job { get; init; }

    /// <summary>What is to be done, as JSON; only the queue's owner understands it. Holds no secret.</summary>
    public required string Work { get; init; }

    /// <inheritdoc cref="Run.Trigger"/>
    public required string Trigger { get; init; }

    public string? CreatedBy { get; init; }

    /// <summary>Why it runs, in one sentence: which schedule was due, which run it repeats.</summary>
    public string? Why { get; init; }

    /// <summary>The greater goes first.</summary>
    public int Priority { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>Not before then.</summary>
    public required DateTimeOffset StartAt { get; init; }

    /// <summary>1 for the first; retries count on.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The key of the schedule that asked for it.</summary>
    public string? Schedule { get; init; }

    /// <summary>When the schedule was due.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When its execution began; null while it waits.</summary>
    public DateTimeOffset? BegunAt { get; init; }
}
