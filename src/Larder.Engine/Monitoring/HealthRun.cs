using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Monitoring;

/// <summary>One look at everything: gathers, judges, and tells people where somebody is to tell them.</summary>
public sealed class HealthRun(EngineContext context, FactGathering gathering, AlertDesk? desk)
{
    // A sample an hour for a forecast over two weeks; more would say no more.
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMinutes(55);

    /// <summary>What the last look went by; null before the first.</summary>
    public MonitorFacts? Facts { get; private set; }

    /// <summary>What the last look found; null before the first.</summary>
    public HealthReport? Report { get; private set; }

    public async Task<HealthReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        var facts = await gathering.ExecuteAsync(cancellationToken);
        var report = HealthChecks.Judge(facts);
        (Facts, Report) = (facts, report);
        KeepSamples(facts);
        if (desk is not null)
        {
            // That a channel is broken was told when it broke, and cannot be told by it.
            var checks = report.Checks.Where(check => check.Check != "channel").ToList();
            await desk.TellAsync([.. checks, .. Gone(checks, facts)], cancellationToken);
        }
        return report;
    }

    /// <summary>What was not well and is looked at no more: a job, a source or a schedule that is no longer configured.</summary>
    private IEnumerable<Condition> Gone(IReadOnlyList<Condition> checks, MonitorFacts facts)
    {
        // Where a thing could not be judged, as sizes of backups that cannot be read, it is not gone.
        if (context.Catalog is not { } catalog || facts.Repositories.Any(repository => repository.Failure is not null))
        {
            return [];
        }
        try
        {
            var keys = checks.Select(check => check.Key).ToHashSet(StringComparer.Ordinal);
            return
            [
                .. new AlertTable(catalog).All()
                    .Where(row => row.ResolvedAt is null && !keys.Contains(row.Key) && HealthChecks.Names.Contains(row.Key.Split(':')[0]))
                    .Select(row => new Condition
                    {
                        Check = row.Key.Split(':')[0],
                        Subject = row.Key[(row.Key.IndexOf(':', StringComparison.Ordinal) + 1)..],
                        Job = row.Job,
                        Event = EnumWord.Find<AlertEvent>(row.Event) ?? default,
                        Level = AlertLevel.Info,
                        Title = row.Title,
                        Message = "It is no longer configured, and no longer looked at.",
                    }),
            ];
        }
        catch (LarderException e)
        {
            context.Warn(e.Message);
            return [];
        }
    }

    private void KeepSamples(MonitorFacts facts)
    {
        if (context.Catalog is not { } catalog)
        {
            return;
        }
        try
        {
            foreach (var repository in facts.Repositories.Where(repository => repository.Disk is not null))
            {
                if (repository.History.Count < 2 || facts.At - repository.History[^2].At >= SampleEvery)
                {
                    new DiskSamples(catalog).Add(repository.Name, repository.Disk!, facts.At - (2 * DiskForecast.Recent));
                }
            }
        }
        catch (LarderException e)
        {
            context.Warn(e.Message);
        }
    }
}
