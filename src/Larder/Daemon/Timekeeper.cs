using Larder.Engine.BackingUp;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Schedule;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>
/// Puts into the queue what is due. It may be asked to look at any moment and as often as one likes: what was seen to is in the catalog, so
/// nothing is put in twice, and what was missed is caught up. While the catalog cannot be written it goes by its memory. Safe for any
/// thread.
/// </summary>
internal sealed class Timekeeper(
    CatalogDatabase catalog, RunQueue queue, Func<LarderConfiguration> configuration, TimeProvider clock, ILogger log)
{
    private readonly Lock gate = new();
    private LarderConfiguration? lookedAt;
    private SchedulePlan? plan;
    private long lastTurn = clock.GetTimestamp();

    // As in the catalog, which nobody else writes to; read once.
    private Dictionary<string, DateTimeOffset>? seenTo;

    /// <summary>When it last looked and all was well; null before the first time.</summary>
    public DateTimeOffset? LastLook { get; private set; }

    /// <summary>
    /// How long ago it last came to the end of a look, well or not, or was made. A clock that was set, or a machine that slept, changes
    /// nothing.
    /// </summary>
    public TimeSpan SinceLastTurn => clock.GetElapsedTime(Interlocked.Read(ref lastTurn));

    /// <summary>When each schedule comes next.</summary>
    public IReadOnlyList<NextRun> Next => plan?.Next ?? [];

    /// <summary>Never throws: what goes wrong is logged, and tried again at the next look.</summary>
    public void Look()
    {
        lock (gate)
        {
            try
            {
                var current = configuration();
                var now = clock.GetUtcNow();
                var isDue = plan?.Next is [var first, ..] && first.Due <= now;
                if (isDue || plan is null || now < plan.At || !ReferenceEquals(current, lookedAt))
                {
                    plan = Plan(current, now);
                    PutIn(plan, current);
                    lookedAt = current;
                }
                LastLook = now;
            }
            catch (Exception e)
            {
                plan = null; // Whatever was not put in is found again.
                log.LookFailed(ErrorTable.Describe(e).Message);
            }
            Interlocked.Exchange(ref lastTurn, clock.GetTimestamp());
        }
    }

    private SchedulePlan Plan(LarderConfiguration current, DateTimeOffset now) =>
        SchedulePlan.Compute(Recurrence.AllOf(current), seenTo ??= new(catalog.Queue.SeenTo()), LastRunOf, now);

    private void PutIn(SchedulePlan made, LarderConfiguration current)
    {
        foreach (var (recurrence, since) in made.New)
        {
            Note(recurrence, since);
        }
        foreach (var due in made.Due)
        {
            if (queue.EnqueueDue(due.Recurrence.Key, due.Due, due.StartAt, OrderOf(due.Recurrence, current), due.Why))
            {
                log.Due(due.Recurrence.Key, due.Why);
            }
            seenTo![due.Recurrence.Key] = due.Due;
        }
    }

    private void Note(Recurrence recurrence, DateTimeOffset since)
    {
        try
        {
            catalog.Queue.AddDue(recurrence.Key, since, null);
        }
        catch (LarderException e)
        {
            log.CatalogFailed(e.Message); // The other schedules are not to wait for it.
        }
        seenTo![recurrence.Key] = since;
    }

    private DateTimeOffset? LastRunOf(Recurrence recurrence) =>
        catalog.Runs(new RunFilter { Job = recurrence.Job, Kind = recurrence.Kind, Limit = 1 }).Runs is [var last] ? last.StartedAt : null;

    private RunOrder OrderOf(Recurrence recurrence, LarderConfiguration current) => recurrence.Kind switch
    {
        RunKind.Backup => new BackupOrder(
            new BackupRequest { Job = recurrence.Job, Only = recurrence.Only }, recurrence.ThenCleanup),
        RunKind.Cleanup => new CleanupOrder(recurrence.Job),
        RunKind.Drill => new DrillOrder(recurrence.Job, []) { Job = recurrence.Job },
        _ => Verify(current.Jobs[recurrence.Job]),
    };

    private VerifyOrder Verify(JobSettings job) => new([job.Name], [], job.Verify!.Level, NextShare(job));

    /// <summary>Of a share such as 1/7 the next one, so that seven verifications have seen everything.</summary>
    private string? NextShare(JobSettings job)
    {
        if (job.Verify!.Subset?.Split('/') is not [var first, var of])
        {
            return null;
        }
        var before = catalog.Runs(new RunFilter { Job = job.Name, Kind = RunKind.Verify, Limit = 1 }).Total;
        var whole = long.Parse(of);
        return $"{((long.Parse(first) - 1 + before) % whole) + 1}/{of}";
    }
}
