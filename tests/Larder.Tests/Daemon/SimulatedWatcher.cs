using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring;
using Larder.Engine.Monitoring.Channels;
using Larder.Engine.Schedule;

namespace Larder.Tests.Daemon;

/// <summary>
/// Looks at a simulated service from outside, as `larder health --notify` does by another clock, and tells a channel: also while the service
/// is dead. What must be noticed and what must not is found by a clock on the wall.
/// </summary>
internal sealed class SimulatedWatcher(LarderConfiguration configuration, SimulatedRepository repository, TimeProvider clock, TimeSpan cooldown)
    : IAlertSender
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly List<Notice> told = [];
    private readonly Dictionary<string, List<DateTimeOffset>> occurrences = [];

    /// <summary>How often something was missed, and was noticed.</summary>
    public int Noticed { get; private set; }

    public Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        told.Add(notice);
        return Task.CompletedTask;
    }

    /// <param name="catalog">The service's, or opened by somebody else while it is dead.</param>
    /// <param name="begun">When backups of each job began, and whether the catalog knows of it.</param>
    public async Task LookAsync(CatalogDatabase catalog, ILookup<string, (DateTimeOffset At, bool IsNoted)> begun)
    {
        var now = clock.GetUtcNow();
        var report = HealthChecks.Judge(new MonitorFacts
        {
            At = now,
            Host = "host",
            LarderVersion = "0",
            Thresholds = Thresholds.Of(configuration.Monitor),
            Jobs = [.. configuration.Jobs.Values.Select(job => FactsOf(job, catalog))],
            Repositories = [],
            Service = new ServiceFacts(null, false, null),
        });
        foreach (var recurrence in Recurrence.AllOf(configuration).Where(one => one.Kind == RunKind.Backup))
        {
            AssertMissed(recurrence, report, [.. begun[recurrence.Job]], now);
        }
        var settings = new AlertSettings
        {
            Channel = new WebhookChannel("webhook", Secret.FromText("alerts[0].webhook.url", "https://example.com")),
            Cooldown = cooldown,
        };
        var book = new AlertBook(() => catalog, warning => throw new Larder.Testing.TestFailedException(warning));
        var desk = new AlertDesk([new AlertRoute("webhook", settings, this)], book, "host", clock, _ => { });
        await desk.TellAsync(report.Checks, CancellationToken.None);
        foreach (var wrong in report.Checks.Where(check => check.IsWrong))
        {
            Assert.Contains(told, notice => notice.Key == wrong.Key && notice.At > now - cooldown && notice.Level >= wrong.Level);
        }
    }

    /// <summary>Nothing was told again within its cooldown unless it had got worse, and nothing is well again that nobody heard of.</summary>
    public void AssertQuiet()
    {
        foreach (var about in told.GroupBy(notice => notice.Key))
        {
            Notice? wrong = null;
            var isOpen = false;
            foreach (var notice in about)
            {
                var isRecovery = notice.Event == AlertEvent.Recovered;
                Assert.True(isRecovery ? isOpen : wrong is null || notice.At - wrong.At >= cooldown || notice.Level > wrong.Level, $"{notice}");
                (wrong, isOpen) = isRecovery ? (wrong, false) : (notice, true);
            }
        }
    }

    private JobFacts FactsOf(JobSettings job, CatalogDatabase catalog) => new()
    {
        Job = job,
        Thresholds = Thresholds.Of(configuration.Monitor, job.Monitor),
        Backups = [.. repository.Of(job.Name).Select(each => new BackupFacts(each.BackupId, each.CreatedAt, true, 1, 1, null, 1, ["f"]))],
        Runs = catalog.Runs(new RunFilter { Job = job.Name, Kind = RunKind.Backup, Limit = 100 }).Runs,
    };

    private void AssertMissed(
        Recurrence recurrence, HealthReport report, IReadOnlyList<(DateTimeOffset At, bool IsNoted)> begun, DateTimeOffset now)
    {
        var job = configuration.Jobs[recurrence.Job];
        var patience = Thresholds.Of(configuration.Monitor).MissedAfter + job.Jitter;
        var due = Occurrences(recurrence, now).LastOrDefault(each => each <= now - patience);
        if (due == default)
        {
            return;
        }
        var subjects = report.Checks.Where(
            check => check.Check == "missed" && check.Subject.StartsWith($"{job.Name}/{recurrence.Cron}", StringComparison.Ordinal));
        if (begun.Any(one => one.IsNoted && one.At < due - (2 * Minute)) && !begun.Any(one => one.At >= due - Minute))
        {
            Assert.True(
                subjects.Any(check => check.Level == AlertLevel.Error),
                $"{now:u}: {recurrence.Key} was due at {due:u} and is not missed; begun: {string.Join(' ', begun.TakeLast(3))}");
            Noticed++;
        }
        if (repository.Of(job.Name).Any(backup => backup.CreatedAt >= due))
        {
            Assert.All(subjects, check => Assert.Equal(AlertLevel.Info, check.Level));
        }
    }

    private List<DateTimeOffset> Occurrences(Recurrence recurrence, DateTimeOffset now)
    {
        if (!occurrences.TryGetValue(recurrence.Key, out var known))
        {
            var (from, to) = (now - TimeSpan.FromDays(1), now + TimeSpan.FromDays(18));
            known = occurrences[recurrence.Key] = [.. WallClock.Occurrences(recurrence.Cron, recurrence.Zone, from, to)];
        }
        return known;
    }
}
