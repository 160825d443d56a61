using Larder.Engine.Configuration;
using Larder.Engine.Retention;

namespace Larder.Tests.Daemon;

/// <summary>
/// The backups of a simulated service. Each cleanup is held against the slots as a person would fill them with a calendar, from all backups
/// that were ever made: forgetting step by step must end where forgetting at once would.
/// </summary>
internal sealed class SimulatedRepository
{
    private readonly List<RetentionCandidate> made = [];
    private readonly HashSet<string> removed = [];

    /// <summary>Cleanups that left something else than the calendar says.</summary>
    public List<string> Mistakes { get; } = [];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RetentionCandidate> Of(string job) => [.. made.Where(each => each.Job == job && !removed.Contains(each.BackupId)).Reverse()];

    public void Add(string job, DateTimeOffset at)
    {
        lock (made)
        {
            // No two are of the same moment: which of those a slot keeps is another test's.
            made.Add(new RetentionCandidate { BackupId = $"{made.Count:x8}", Job = job, CreatedAt = at.AddTicks(made.Count), IsGood = true });
        }
    }

    public void CleanUp(JobSettings job, DateTimeOffset now)
    {
        var plan = RetentionPlan.Compute(Of(job.Name), job.Keep, job.TimeZone, now + TimeSpan.FromSeconds(1));
        removed.UnionWith(plan.Removed.Select(decision => decision.Backup.BackupId));
        var (kept, expected) = (Of(job.Name).Select(each => each.BackupId).ToHashSet(), ByCalendar(job));
        if (!kept.SetEquals(expected))
        {
            Mistakes.Add($"{job.Name} at {now:u}: kept {string.Join(' ', kept.Order())}; the calendar says {string.Join(' ', expected.Order())}");
        }
    }

    private HashSet<string> ByCalendar(JobSettings job)
    {
        var all = made.Where(each => each.Job == job.Name).Reverse().ToList();
        var kept = all.Take(job.Keep.Last ?? 0)
            .Concat(NewestOfEach(Date, job.Keep.Daily))
            .Concat(NewestOfEach(one => Date(one).AddDays(-(((int)Date(one).DayOfWeek + 6) % 7)), job.Keep.Weekly)); // By Mondays.
        return [.. kept.Select(each => each.BackupId)];

        DateTime Date(RetentionCandidate one) => TimeZoneInfo.ConvertTime(one.CreatedAt, job.TimeZone).Date;

        IEnumerable<RetentionCandidate> NewestOfEach(Func<RetentionCandidate, DateTime> period, int? count) =>
            all.GroupBy(period).Take(count ?? 0).Select(each => each.First());
    }
}
