using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>
/// Does an order under the id that it was given. What went wrong is thrown, and is in the catalog already where a run was begun.
/// </summary>
internal delegate Task RunExecutor(QueueEntry entry, CancellationToken cancellationToken);

/// <summary>
/// The runs that wait and those that are being executed: of one job only one at a time, of all jobs so many as the configuration allows,
/// the more urgent first. What waits is in the catalog before <see cref="Enqueue"/> returns, and is taken up again by
/// <see cref="Resume"/> after the process died. Safe for any thread.
/// </summary>
internal sealed class RunQueue : IAsyncDisposable
{
    // Another process is at work on the job: a person at the command line, say.
    private static readonly TimeSpan BusyWait = TimeSpan.FromMinutes(1);

    private readonly CatalogDatabase catalog;
    private readonly Func<LarderConfiguration> configuration;
    private readonly TimeProvider clock;
    private readonly RunExecutor execute;
    private readonly RunClosing closing;
    private readonly ILogger log;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private readonly List<QueueEntry> waiting = [];
    private readonly Dictionary<string, Running> running = new(StringComparer.Ordinal);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isStopping;
    private bool isHeld;

    public RunQueue(
        CatalogDatabase catalog, Func<LarderConfiguration> configuration, TimeProvider clock, RunExecutor execute, ILogger log)
    {
        (this.catalog, this.configuration, this.clock, this.execute, this.log) = (catalog, configuration, clock, execute, log);
        closing = new RunClosing(catalog, configuration, clock, log);
        timer = clock.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Called when the last of the running runs has ended.</summary>
    public Action? WhenQuiet { get; init; }

    /// <summary>Has what is put in wait until <see cref="Release"/>.</summary>
    public void Hold() => isHeld = true;

    public void Release()
    {
        isHeld = false;
        Pump();
    }

    /// <summary>
    /// Takes up what the process before this one left: what waited waits again, and what was being executed counts as interrupted, with
    /// what follows from that. Called once, before anything else, when the catalog has closed the runs of dead processes.
    /// </summary>
    public void Resume()
    {
        foreach (var row in catalog.Queue.All())
        {
            if (RunOrder.OfJson(row.Work) is not { } order)
            {
                log.UnknownWork(row.RunId);
            }
            else if (row.BegunAt is null)
            {
                Add(new QueueEntry(row, order, null));
            }
            else
            {
                Close(new QueueEntry(row, order, null), new LarderException(EngineError.Interrupted, "The service died while it ran."));
            }
        }
        Pump();
    }

    /// <summary>Puts a run in and begins it as soon as there is room for it.</summary>
    /// <param name="order">What is to be done.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="runId">What the run was promised to be called; null for a new id.</param>
    /// <returns>The id of the run.</returns>
    /// <exception cref="LarderException">The catalog cannot be written, or the service is being stopped.</exception>
    public string Enqueue(RunOrder order, RunOrigin origin, string? runId = null)
    {
        var row = RowOf(order, origin);
        var entry = new QueueEntry(runId is null ? row : row with { RunId = runId }, order, null);
        lock (gate)
        {
            if (isStopping)
            {
                throw new LarderException(EngineError.Interrupted, "The service is being stopped and begins nothing new.");
            }
            if (order is not DirectOrder)
            {
                catalog.Queue.Add(entry.Run);
            }
            Add(entry);
        }
        Pump();
        return entry.Run.RunId;
    }

    /// <summary>
    /// Notes a schedule as seen to and puts its run in, both or none; a run of the same schedule that still waits stands for it.
    /// </summary>
    /// <returns>Whether a run was put in.</returns>
    public bool EnqueueDue(string schedule, DateTimeOffset due, DateTimeOffset startAt, RunOrder order, string why)
    {
        var row = RowOf(order, new RunOrigin(RunOrigin.Schedule, Environment.UserName, why)) with
        {
            StartAt = startAt,
            Schedule = schedule,
            DueAt = due,
        };
        lock (gate)
        {
            if (isStopping || !catalog.Queue.AddDue(schedule, due, row))
            {
                return false;
            }
            Add(new QueueEntry(row, order, null));
        }
        Pump();
        return true;
    }

    /// <summary>Those that run, then those that wait, in the order in which they would begin.</summary>
    public IReadOnlyList<QueueEntry> List()
    {
        lock (gate)
        {
            return [.. running.Values.Select(one => one.Entry), .. InOrder()];
        }
    }

    /// <summary>Null where it neither waits nor runs: then the catalog knows how it ended, if there ever was such a run.</summary>
    public QueueEntry? Find(string runId) => List().FirstOrDefault(entry => entry.Run.RunId == runId);

    /// <summary>
    /// Ends a run: one that waits is closed as cancelled at once, one that runs is asked to end and is closed when it has.
    /// </summary>
    /// <returns>Whether there was such a run.</returns>
    public bool Cancel(string runId, string by)
    {
        QueueEntry? found;
        Running? one;
        lock (gate)
        {
            running.TryGetValue(runId, out one);
            found = waiting.FirstOrDefault(entry => entry.Run.RunId == runId);
            if (found is not null)
            {
                waiting.Remove(found);
            }
        }
        if (one is not null)
        {
            log.Cancelling(runId, by);
            one.Cancel();
            return true;
        }
        if (found is null)
        {
            return false;
        }
        Close(found, new OperationCanceledException($"It was cancelled by {by} before it began."));
        return true;
    }

    /// <summary>
    /// What happens in a run, from the event after <paramref name="after"/> on, until it has ended; also of a run of another process. Comes
    /// to its end at once where no such run is known.
    /// </summary>
    public IAsyncEnumerable<RunNews> FollowAsync(string runId, long after, CancellationToken cancellationToken) =>
        RunFollowing.FollowAsync(this, catalog, clock, runId, after, cancellationToken);

    /// <summary>Completes as soon as nothing runs and nothing that waits may begin yet.</summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken) => WhenAsync(
        () => running.Count == 0 && waiting.TrueForAll(entry => entry.Run.StartAt > clock.GetUtcNow()), cancellationToken);

    /// <summary>Completes as soon as a run neither waits nor runs; at once where there is none.</summary>
    public Task WhenEndedAsync(string runId, CancellationToken cancellationToken) =>
        WhenAsync(() => !running.ContainsKey(runId) && waiting.TrueForAll(entry => entry.Run.RunId != runId), cancellationToken);

    /// <summary>
    /// Begins nothing new, gives what runs so long to end, and cancels what is left. What waits stays in the catalog for the next start.
    /// </summary>
    public async Task StopAsync(TimeSpan wait)
    {
        Running[] left;
        lock (gate)
        {
            isStopping = true;
            left = [.. running.Values];
        }
        if (left.Length == 0)
        {
            return;
        }
        log.WaitingForRuns(left.Length, wait.TotalSeconds);
        var ended = Task.WhenAll(left.Select(one => one.Completion));
        try
        {
            await ended.WaitAsync(wait, clock);
        }
        catch (TimeoutException)
        {
            foreach (var one in left.Where(one => !one.Completion.IsCompleted))
            {
                log.Cancelling(one.Entry.Run.RunId, "the end of the service");
                one.Cancel();
            }
            await ended; // Each cleans up after itself and is closed as cancelled.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        await timer.DisposeAsync();
    }

    private async Task WhenAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (isSo())
                {
                    return;
                }
                next = changed.Task;
            }
            await next.WaitAsync(cancellationToken);
        }
    }

    private QueuedRun RowOf(RunOrder order, RunOrigin origin) =>
        QueueEntry.RowOf(order, origin, Rank.Of(order, origin.Trigger, configuration()), clock);

    private void Add(QueueEntry entry)
    {
        lock (gate)
        {
            waiting.Add(entry);
        }
    }

    private IEnumerable<QueueEntry> InOrder() => waiting
        .OrderByDescending(entry => entry.Run.Priority)
        .ThenBy(entry => entry.Run.StartAt)
        .ThenBy(entry => entry.Run.RunId, StringComparer.Ordinal);

    /// <summary>Begins everything that may begin, and sets the timer for what may later.</summary>
    private void Pump()
    {
        lock (gate)
        {
            if (!isStopping && !isHeld)
            {
                var now = clock.GetUtcNow();
                foreach (var entry in InOrder().Where(entry => entry.Run.StartAt <= now).ToList())
                {
                    if (running.Count >= configuration().Serve.ParallelRunsMax)
                    {
                        break;
                    }
                    if (!running.Values.Any(one => Collides(one.Entry.Order, entry.Order)) && !TryBegin(entry))
                    {
                        break;
                    }
                }
                var later = waiting.Where(entry => entry.Run.StartAt > now).Min(entry => (DateTimeOffset?)entry.Run.StartAt);
                later = running.Count == 0 && waiting.Any(entry => entry.Run.StartAt <= now) ? now + BusyWait : later;
                timer.Change(later is { } then ? then - now : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            changed.TrySetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>
    /// Of one job only one at a time; and a cleanup or a repair has its repositories for itself, so that nobody waits for its lock.
    /// </summary>
    private bool Collides(RunOrder one, RunOrder other)
    {
        if (one.JobName is { } job && job == other.JobName)
        {
            return true;
        }
        return (LocksOut(one) || LocksOut(other)) && RepositoriesOf(one).Intersect(RepositoriesOf(other)).Any();
    }

    private static bool LocksOut(RunOrder order) => order.Kind is RunKind.Cleanup or RunKind.Repair;

    private IEnumerable<string> RepositoriesOf(RunOrder order) =>
        order.JobName is { } job && configuration().Jobs.TryGetValue(job, out var settings)
            ? settings.To
            : configuration().Repositories.Keys;

    /// <summary>Whether it was begun; false where that could not be noted, for then it might run again after a kill.</summary>
    private bool TryBegin(QueueEntry entry)
    {
        var begun = clock.GetUtcNow();
        try
        {
            if (entry.Order is not DirectOrder)
            {
                catalog.Queue.NoteBegun(entry.Run.RunId, begun);
            }
        }
        catch (LarderException e)
        {
            log.CatalogFailed(e.Message);
            return false;
        }
        waiting.Remove(entry);
        entry = entry with { Run = entry.Run with { BegunAt = begun }, Progress = new RunProgress() };
        var one = new Running(entry);
        running.Add(entry.Run.RunId, one);
        log.Begun(entry.Order.Kind, entry.Run.Job, entry.Run.RunId, entry.Run.Why ?? "");
        one.Completion = Task.Run(() => RunAsync(one));
        return true;
    }

    private async Task RunAsync(Running one)
    {
        Exception? failure = null;
        try
        {
            await execute(one.Entry, one.Token);
        }
        catch (Exception e)
        {
            failure = e;
        }
        var entry = one.Entry;
        if (failure is LarderException { Error: EngineError.JobAlreadyRunning } && TryPutBack(entry))
        {
            log.Busy(entry.Run.Job, entry.Run.RunId);
        }
        else
        {
            Close(entry, failure);
        }
        lock (gate)
        {
            running.Remove(entry.Run.RunId);
        }
        one.Dispose();
        Pump();
        if (List().All(other => !other.IsRunning))
        {
            WhenQuiet?.Invoke();
        }
    }

    private bool TryPutBack(QueueEntry entry)
    {
        var again = entry with { Run = entry.Run with { BegunAt = null, StartAt = clock.GetUtcNow() + BusyWait }, Progress = null };
        try
        {
            if (entry.Order is not DirectOrder)
            {
                catalog.Queue.PutBack(again.Run.RunId, again.Run.StartAt);
            }
        }
        catch (LarderException e)
        {
            log.CatalogFailed(e.Message);
            return false;
        }
        Add(again);
        return true;
    }

    /// <summary>Closes the run and puts in what follows from it.</summary>
    private void Close(QueueEntry entry, Exception? failure)
    {
        foreach (var follower in closing.Close(entry, failure, isStopping))
        {
            Add(follower);
        }
    }
}
