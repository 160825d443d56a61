using System.Globalization;

namespace Larder.Engine.Schedule;

/// <summary>
/// What is due at a moment, what comes next, and why: computed from the configuration and from what the catalog says was seen to, without
/// doing anything.
/// </summary>
public sealed record SchedulePlan
{
    // How many missed moments are told apart; a schedule of every minute misses thousands in a weekend.
    private const int MissedMax = 100;

    // Clocks are set back by seconds all the time; what was seen to in those must not come again.
    private static readonly TimeSpan AheadMax = TimeSpan.FromHours(1);

    public required DateTimeOffset At { get; init; }

    /// <summary>The earliest first.</summary>
    public required IReadOnlyList<DueRun> Due { get; init; }

    /// <summary>When each schedule comes after <see cref="At"/>, the earliest first; one that never comes is not among them.</summary>
    public required IReadOnlyList<NextRun> Next { get; init; }

    /// <summary>Schedules of which the catalog knows nothing yet, with the moment from which they count.</summary>
    public required IReadOnlyList<(Recurrence Recurrence, DateTimeOffset Since)> New { get; init; }

    /// <param name="recurrences">What comes again.</param>
    /// <param name="seenTo">Of each schedule, by key, the moment up to which it was seen to.</param>
    /// <param name="lastRunOf">
    /// When the job's last run of that kind began; asked where a job has no schedule in the catalog at all, so that what was missed before
    /// the daemon ran for the first time is caught up. Null: never.
    /// </param>
    /// <param name="at">Now.</param>
    public static SchedulePlan Compute(
        IReadOnlyList<Recurrence> recurrences,
        IReadOnlyDictionary<string, DateTimeOffset> seenTo,
        Func<Recurrence, DateTimeOffset?> lastRunOf,
        DateTimeOffset at)
    {
        var known = recurrences.Where(recurrence => seenTo.ContainsKey(recurrence.Key)).Select(recurrence => recurrence.Job).ToHashSet();
        var (due, next, added) = (new List<DueRun>(), new List<NextRun>(), new List<(Recurrence, DateTimeOffset)>());
        foreach (var recurrence in recurrences)
        {
            if (!seenTo.TryGetValue(recurrence.Key, out var since))
            {
                // A schedule that was added to a job counts from now; that of a job which is new here counts from the job's last run.
                since = known.Contains(recurrence.Job) ? at : lastRunOf(recurrence) ?? at;
                added.Add((recurrence, since));
            }
            else if (since > at + AheadMax)
            {
                since = at; // The clock was wrong when that was noted; otherwise nothing would be due for years.
                added.Add((recurrence, since));
            }
            if (FindDue(recurrence, since, at) is { } found)
            {
                due.Add(found);
            }
            if (recurrence.NextAfter(at) is { } then)
            {
                next.Add(new NextRun(recurrence, then));
            }
        }
        return new SchedulePlan
        {
            At = at,
            Due = [.. due.OrderBy(run => run.Due)],
            Next = [.. next.OrderBy(run => run.Due)],
            New = added,
        };
    }

    private static DueRun? FindDue(Recurrence recurrence, DateTimeOffset since, DateTimeOffset at)
    {
        if (recurrence.LatestUntil(at) is not { } latest || latest <= since)
        {
            return null;
        }
        var missed = 0;
        for (var then = recurrence.NextAfter(since); then < latest && missed < MissedMax; then = recurrence.NextAfter(then.Value))
        {
            missed++;
        }
        return new DueRun { Recurrence = recurrence, Due = latest, StartAt = recurrence.StartOf(latest), Missed = missed, At = at };
    }
}

/// <param name="Recurrence">Which.</param>
/// <param name="Due">When it is due; its run may begin later by the job's jitter.</param>
public sealed record NextRun(Recurrence Recurrence, DateTimeOffset Due);

/// <summary>A run that is due. However many were missed before it, they are made up for by this one.</summary>
public sealed record DueRun
{
    // Nobody would call a minute late: a run that was due while the program started, say.
    private static readonly TimeSpan Punctual = TimeSpan.FromMinutes(2);

    public required Recurrence Recurrence { get; init; }

    /// <summary>The last moment at which it came.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>Not before then: what is due, and the jitter.</summary>
    public required DateTimeOffset StartAt { get; init; }

    /// <summary>How many moments before <see cref="Due"/> were missed; 100 stands for 100 or more.</summary>
    public required int Missed { get; init; }

    public required DateTimeOffset At { get; init; }

    public bool IsCatchUp => Missed > 0 || At - Due > Punctual;

    /// <summary>In one sentence.</summary>
    public string Why
    {
        get
        {
            var local = TimeZoneInfo.ConvertTime(Due, Recurrence.Zone).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);
            var was = $"The schedule \"{Recurrence.Cron}\" was due at {local}";
            return (IsCatchUp, Missed) switch
            {
                (false, _) => $"{was}.",
                (true, 0) => $"{was}, which was missed; it is caught up now.",
                (true, 1) => $"{was} and once before, which was missed; one run catches up.",
                _ => $"{was} and {Missed} times before, which was missed; one run catches up.",
            };
        }
    }
}
