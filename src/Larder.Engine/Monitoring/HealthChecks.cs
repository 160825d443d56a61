using Larder.Engine.Monitoring.Checks;

namespace Larder.Engine.Monitoring;

/// <summary>From facts to how everything stands. Pure: the same facts give the same answer.</summary>
public static class HealthChecks
{
    /// <summary>Checks that every look makes anew: what is no longer among them is no longer there.</summary>
    internal static readonly IReadOnlySet<string> Names = new HashSet<string>(StringComparer.Ordinal)
    {
        "freshness", "missed", "size", "disk", "forecast", "service", "connection", "repository", "catalog",
    };

    public static HealthReport Judge(MonitorFacts facts) => new()
    {
        CheckedAt = facts.At,
        Host = facts.Host,
        Checks =
        [
            .. facts.Jobs.SelectMany(job => OfJob(job, facts.At)),
            .. RepositoryCheck.Of(facts.Repositories),
            .. facts.Repositories.SelectMany(repository => DiskCheck.Of(repository, facts.Thresholds)),
            .. ServiceCheck.Of(facts),
            CatalogCheck.Of(facts),
            .. facts.BrokenChannels.Select(Broken),
        ],
    };

    private static IEnumerable<Condition> OfJob(JobFacts job, DateTimeOffset now) =>
    [
        FreshnessCheck.Of(job, now),
        .. MissedCheck.Of(job, now),
        .. RunCheck.Of(job),
        .. IntegrityCheck.Of(job),
        .. SizeCheck.Of(job),
        .. ConnectionCheck.Of(job),
    ];

    private static Condition Broken(Catalog.AlertRow row) => new()
    {
        Check = "channel",
        Subject = row.Key["channel:".Length..],
        Event = AlertEvent.Health,
        Level = EnumWord.Find<AlertLevel>(row.Level) ?? AlertLevel.Error, // It stands, whatever a newer Larder calls it.
        Title = row.Title,
        Message = row.Message,
        Hint = row.Hint,
        IsForEverybody = true,
    };
}
