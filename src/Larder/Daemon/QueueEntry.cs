using Larder.Engine.Catalog;
using Larder.Engine;

namespace Larder.Daemon;

/// <summary>A run that waits or is being executed, as it stood when it was asked for.</summary>
/// <param name="Run">Its row; its <see cref="QueuedRun.RunId"/> names it here, in the catalog and in the manifest.</param>
/// <param name="Order">What it does.</param>
/// <param name="Progress">Null while it waits; changes while it runs.</param>
internal sealed record QueueEntry(QueuedRun Run, RunOrder Order, RunProgress? Progress)
{
    public bool IsRunning => Progress is not null;

    /// <summary>A row for an order that may begin at once.</summary>
    public static QueuedRun RowOf(RunOrder order, RunOrigin origin, int priority, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new QueuedRun
        {
            RunId = RunId.New(clock),
            Job = order.JobName,
            Work = order is DirectOrder ? "" : order.ToJson(),
            Trigger = origin.Trigger,
            CreatedBy = origin.CreatedBy,
            Why = origin.Why,
            Priority = priority,
            EnqueuedAt = now,
            StartAt = now,
        };
    }
}

/// <summary>Something new about a run that is followed: an event, how far it is, or its end; one of them.</summary>
internal sealed record RunNews
{
    public RunEvent? Event { get; init; }

    public ProgressNews? Progress { get; init; }

    /// <summary>The closed run; nothing comes after it.</summary>
    public Run? End { get; init; }
}

/// <param name="Phase">In a few words.</param>
/// <param name="DoneBytes">In this phase.</param>
/// <param name="TotalBytes">About; 0 where nobody can know.</param>
internal sealed record ProgressNews(string Phase, long DoneBytes, long TotalBytes);
