using Larder.Engine.Catalog;
using Larder.Engine.Monitoring;
using Larder.Testing;

namespace Larder.Engine.Tests.Monitoring;

public sealed class AlertDeskTests : IDisposable
{
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1";
    private static readonly TimeSpan Cooldown = TimeSpan.FromMinutes(60);

    private readonly TemporaryFolder folder = new();
    private readonly AlertClock clock = new();
    private readonly List<string> warnings = [];
    private CatalogDatabase? catalog;

    [Fact]
    public async Task The_same_thing_is_not_told_again_before_the_cooldown_is_over_and_a_restart_changes_nothing()
    {
        var sender = new RecordingSender();
        await Desk(sender.Route("webhook")).TellAsync([Disk(AlertLevel.Warning)], CancellationToken.None);
        clock.Now += TimeSpan.FromMinutes(59);
        await Restarted(sender.Route("webhook")).TellAsync([Disk(AlertLevel.Warning)], CancellationToken.None);
        Assert.Single(sender.Taken);

        clock.Now += TimeSpan.FromMinutes(1);
        await Restarted(sender.Route("webhook")).TellAsync([Disk(AlertLevel.Warning)], CancellationToken.None);
        Assert.Equal(2, sender.Taken.Count);
        Assert.All(sender.Taken, notice => Assert.Equal(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero), notice.Since));
    }

    [Fact]
    public async Task Worse_is_told_at_once_and_well_again_once()
    {
        var sender = new RecordingSender();
        foreach (var level in new[] { AlertLevel.Warning, AlertLevel.Critical, AlertLevel.Warning, AlertLevel.Info, AlertLevel.Info })
        {
            clock.Now += TimeSpan.FromMinutes(1);
            await Restarted(sender.Route("webhook")).TellAsync([Disk(level)], CancellationToken.None);
        }
        Assert.Equal([AlertEvent.Health, AlertEvent.Health, AlertEvent.Recovered], sender.Taken.Select(notice => notice.Event));
        Assert.Equal([AlertLevel.Warning, AlertLevel.Critical, AlertLevel.Info], sender.Taken.Select(notice => notice.Level));
        var row = Assert.Single(new AlertTable(catalog!).All());
        Assert.Equal(clock.Now - TimeSpan.FromMinutes(1), row.ResolvedAt);
    }

    [Fact]
    public async Task A_channel_that_does_not_take_an_alert_is_tried_again_then_told_to_the_others_and_noted_on_the_run()
    {
        var (broken, sound) = (new RecordingSender { Fails = () => true }, new RecordingSender());
        var desk = Desk(broken.Route("email"), sound.Route("webhook", Cooldown, "failed"));
        var run = catalog!.BeginRun(new NewRun { Id = RunId.New(clock), Kind = RunKind.Backup, Job = "journal" });

        await desk.TellAsync([Disk(AlertLevel.Error) with { Event = AlertEvent.Failed, RunId = run.Id }], CancellationToken.None);

        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)], clock.Waited);
        Assert.Equal(["disk:local", "channel:email"], sound.Taken.Select(notice => notice.Key));
        Assert.Contains("could not be sent by email: It is down.", Assert.Single(catalog.Events(run.Id)).Message, StringComparison.Ordinal);
        Assert.Contains(warnings, warning => warning.Contains("by email", StringComparison.Ordinal));

        // What did not arrive was not told: it is told when the channel works, although the cooldown is not over.
        broken.Fails = () => false;
        await desk.TellAsync([Disk(AlertLevel.Error) with { Event = AlertEvent.Failed, RunId = run.Id }], CancellationToken.None);
        Assert.Equal("disk:local", Assert.Single(broken.Taken).Key);
        Assert.Equal((AlertEvent.Recovered, "channel:email"), sound.Taken.Select(notice => (notice.Event, notice.Key)).Last());
    }

    [Fact]
    public async Task A_channel_hears_of_its_own_jobs_and_events_alone()
    {
        var sender = new RecordingSender();
        var route = sender.Route("webhook", Cooldown, "failed");
        var desk = Desk(route with { Settings = route.Settings with { Jobs = ["journal"] } });
        await desk.TellAsync(
            [
                Disk(AlertLevel.Error) with { Event = AlertEvent.Failed, Job = "journal", Check = "backup", Subject = "journal" },
                Disk(AlertLevel.Error) with { Event = AlertEvent.Failed, Job = "shop", Check = "backup", Subject = "shop" },
                Disk(AlertLevel.Error) with { Event = AlertEvent.Missed, Job = "journal", Check = "missed", Subject = "journal" },
                Disk(AlertLevel.Error),
            ],
            CancellationToken.None);
        Assert.Equal("backup:journal", Assert.Single(sender.Taken).Key);
    }

    [Fact]
    public async Task Without_a_catalog_people_are_told_all_the_same()
    {
        var sender = new RecordingSender();
        var desk = new AlertDesk([sender.Route("webhook")], new AlertBook(() => null, warnings.Add), "host", clock, warnings.Add);
        await desk.TellAsync([Disk(AlertLevel.Error)], CancellationToken.None);
        await desk.TellAsync([Disk(AlertLevel.Error)], CancellationToken.None);
        await desk.TellAsync([Disk(AlertLevel.Info)], CancellationToken.None);
        Assert.Equal([AlertEvent.Health, AlertEvent.Recovered], sender.Taken.Select(notice => notice.Event));
    }

    /// <summary>Weeks of a thing that comes and goes, a channel that fails now and then, and restarts at any moment.</summary>
    [Fact]
    public Task Nothing_is_told_too_often_and_nothing_is_left_untold() => SeededRandom.RunManyAsync(IsSoak ? 1000 : 40, async random =>
    {
        Dispose();
        using var here = new TemporaryFolder();
        var own = new AlertClock();
        var sender = new RecordingSender();
        var cooldown = TimeSpan.FromMinutes(random.Next(5, 120));
        var opened = CatalogDatabase.Open(here["catalog.db"], own, warnings.Add);
        try
        {
            var desk = New();
            var (level, wrongSince, lastTry) = (AlertLevel.Info, (DateTimeOffset?)null, own.Now);
            for (var step = 0; step < 60; step++)
            {
                own.Now += TimeSpan.FromMinutes(random.Next(1, 40));
                level = random.Next(3) == 0 ? (AlertLevel)random.Next(4) : level;
                sender.Fails = random.Next(12) == 0 ? () => true : () => false;
                if (random.Next(6) == 0)
                {
                    opened.Dispose(); // The process died, and another one begins.
                    opened = CatalogDatabase.Open(here["catalog.db"], own, warnings.Add);
                    desk = New();
                }
                var (at, works) = (own.Now, !sender.Fails());
                await desk.TellAsync([Disk(level)], CancellationToken.None);
                lastTry = at;
                wrongSince = level >= AlertLevel.Warning ? wrongSince ?? at : null;

                var told = sender.Taken.LastOrDefault();
                if (works && level < AlertLevel.Warning)
                {
                    Assert.True(told is null || told.Event == AlertEvent.Recovered, $"Step {step}: it is well, and nobody was told.");
                }
                var last = sender.Taken.LastOrDefault(notice => notice.Event != AlertEvent.Recovered);
                if (works && level >= AlertLevel.Warning)
                {
                    Assert.True(last is not null && at - last.At < cooldown && last.Level >= level, $"Step {step}: nobody knows that it is {level}.");
                }
            }
            AssertQuiet([.. sender.Taken], cooldown);

            AlertDesk New() => new([sender.Route("webhook", cooldown)], new AlertBook(() => opened, warnings.Add), "host", own, warnings.Add);
        }
        finally
        {
            opened.Dispose();
        }
    });

    private static void AssertQuiet(IReadOnlyList<Notice> told, TimeSpan cooldown)
    {
        Notice? wrong = null;
        var isOpen = false;
        foreach (var notice in told.Where(notice => notice.Key == "disk:local"))
        {
            if (notice.Event == AlertEvent.Recovered)
            {
                Assert.True(isOpen, $"{notice.At}: told that it is well again, and nobody had heard that it was not.");
                isOpen = false;
                continue;
            }
            Assert.True(
                wrong is null || notice.At - wrong.At >= cooldown || notice.Level > wrong.Level,
                $"{notice.At}: told again as {notice.Level} after {notice.At - wrong?.At}, within {cooldown}.");
            (wrong, isOpen) = (notice, true);
        }
    }

    public void Dispose()
    {
        catalog?.Dispose();
        catalog = null;
        folder.Dispose();
    }

    private static Condition Disk(AlertLevel level) => new()
    {
        Check = "disk",
        Subject = "local",
        Event = AlertEvent.Health,
        Level = level,
        Title = "the disk of local",
        Message = $"It stands at {level}.",
    };

    private AlertDesk Desk(params AlertRoute[] routes)
    {
        catalog ??= CatalogDatabase.Open(folder["catalog.db"], clock, warnings.Add);
        return new AlertDesk(routes, new AlertBook(() => catalog, warnings.Add), "host", clock, warnings.Add);
    }

    private AlertDesk Restarted(params AlertRoute[] routes)
    {
        catalog?.Dispose();
        catalog = null;
        return Desk(routes);
    }
}
