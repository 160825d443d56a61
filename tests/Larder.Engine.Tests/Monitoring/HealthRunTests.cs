using Larder.Engine.BackingUp;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;

namespace Larder.Engine.Tests.Monitoring;

public sealed class HealthRunTests
{
    private readonly List<string> warnings = [];

    [Fact]
    public async Task Every_run_is_heard_of_where_it_is_written_down_and_a_failed_one_is_told()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var sender = new RecordingSender();
        var plain = larder.Context();
        var desk = Desk(plain, sender, "start", "success", "failed", "recovered");
        using var alerts = new RunAlerts(desk, warnings.Add);
        var context = plain with { Watch = alerts.Hear };

        File.Move(larder.Database, larder.Database + ".away");
        await Assert.ThrowsAnyAsync<Exception>(() => BackUpAsync(context));
        File.Move(larder.Database + ".away", larder.Database);
        await BackUpAsync(context);
        await alerts.CompleteAsync(TimeSpan.FromSeconds(60), TimeProvider.System);

        Assert.Equal(
            [AlertEvent.Start, AlertEvent.Failed, AlertEvent.Start, AlertEvent.Recovered, AlertEvent.Success],
            sender.Taken.Select(notice => notice.Event));
        var failed = sender.Taken.First(notice => notice.Event == AlertEvent.Failed);
        Assert.Equal(("backup:journal", AlertLevel.Error, "journal"), (failed.Key, failed.Level, failed.Job));
        Assert.Contains("LARDER-060", failed.Message, StringComparison.Ordinal);
        Assert.Equal(Assert.Single(context.Catalog!.Runs(new RunFilter { Status = RunStatus.Failed }).Runs).Id, failed.RunId);
    }

    [Fact]
    public async Task A_catalog_that_cannot_be_written_is_an_error_of_its_own()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var context = larder.Context();
        var without = await new HealthRun(context with { Catalog = null }, new FactGathering(context with { Catalog = null }), null)
            .ExecuteAsync(CancellationToken.None);
        Assert.Equal((AlertLevel.Error, ExitStatus.Failed), (without.Checks.Single(check => check.Check == "catalog").Level, without.ExitStatus));

        var run = new HealthRun(context, new FactGathering(context), null);
        Assert.Equal(AlertLevel.Info, (await run.ExecuteAsync(CancellationToken.None)).Checks.Single(check => check.Check == "catalog").Level);
    }

    [Fact]
    public async Task A_backup_that_grows_old_is_told_and_a_new_one_is_a_recovery()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var sender = new RecordingSender();
        var context = larder.Context();
        var desk = Desk(context, sender);
        var run = new HealthRun(context, new FactGathering(context), desk);

        Assert.Equal(AlertLevel.Info, (await run.ExecuteAsync(CancellationToken.None)).Level);
        Assert.Empty(sender.Taken);
        larder.Clock.Now += TimeSpan.FromHours(27);
        var old = await run.ExecuteAsync(CancellationToken.None);
        Assert.Equal((AlertLevel.Warning, ExitStatus.Done), (old.Level, old.ExitStatus));
        Assert.Equal("WARNING: 1 of 13 checks are not well: journal: the newest good backup is 27 hours old.", HealthText.Brief(old));
        larder.Clock.Now += TimeSpan.FromHours(27);
        Assert.Equal(ExitStatus.Failed, (await run.ExecuteAsync(CancellationToken.None)).ExitStatus);
        await larder.BackUpAsync();
        Assert.Equal(AlertLevel.Info, (await run.ExecuteAsync(CancellationToken.None)).Level);
        Assert.Equal(
            [AlertLevel.Warning, AlertLevel.Error, AlertLevel.Info], sender.Taken.Select(notice => notice.Level));
        Assert.NotEmpty(new DiskSamples(context.Catalog!).Of("local", DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task What_is_no_longer_configured_does_not_stand_for_ever()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var sender = new RecordingSender();
        var context = larder.Context();
        var desk = Desk(context, sender);
        await desk.TellAsync(
            [
                new Condition
                {
                    Check = "connection",
                    Subject = "gone/db",
                    Event = AlertEvent.Health,
                    Level = AlertLevel.Critical,
                    Title = "gone: db does not answer",
                    Message = "It does not answer.",
                },
            ],
            CancellationToken.None);
        await new HealthRun(context, new FactGathering(context), desk).ExecuteAsync(CancellationToken.None);
        Assert.Equal("It is no longer configured, and no longer looked at.", sender.Taken.Last().Message);
        Assert.Empty(new AlertBook(() => context.Catalog, warnings.Add).Standing());
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_is_told_and_with_no_other_it_is_critical()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var context = larder.Context();
        Directory.Move(larder.PathOf("local"), larder.PathOf("local") + ".away");
        var one = await new HealthRun(context, new FactGathering(context), null).ExecuteAsync(CancellationToken.None);
        Assert.Equal(AlertLevel.Error, one.Checks.Single(check => check is { Check: "repository", Subject: "local" }).Level);
        Directory.Move(larder.PathOf("offsite"), larder.PathOf("offsite") + ".away");
        var both = await new HealthRun(larder.Context(), new FactGathering(larder.Context()), null).ExecuteAsync(CancellationToken.None);
        Assert.Equal(AlertLevel.Critical, both.Level);
        Assert.Equal(ExitStatus.Failed, both.ExitStatus);
    }

    [Fact]
    public async Task A_daemon_gives_signs_of_life_looks_at_each_interval_and_says_farewell()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var clock = new Larder.Testing.TestClock(larder.Clock.Now);
        var context = larder.Context() with { Clock = clock };
        var looks = 0;
        var loop = new MonitorLoop(
            context.Catalog!,
            () => TimeSpan.FromMinutes(60),
            async token =>
            {
                var run = new HealthRun(context, new FactGathering(context) { AsksSources = false }, null);
                await run.ExecuteAsync(token);
                return ++looks == 2 ? throw new InvalidOperationException("A look that fails.") : run;
            },
            clock,
            warnings.Add);
        using var ending = new CancellationTokenSource();
        var running = loop.RunAsync(ending.Token);

        await clock.WaitForTimersAsync(1, TestContext.Current.CancellationToken);
        var first = loop.Facts!.At;
        for (var minute = 1; minute <= 60; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await clock.WaitForTimersAsync(1, TestContext.Current.CancellationToken);
            Assert.Equal(clock.GetUtcNow(), new Heartbeats(context.Catalog!).Find(Heartbeats.Scheduler)!.At);
        }
        Assert.Equal((2, first), (looks, loop.Facts!.At));
        Assert.Contains("A look that fails.", Assert.Single(warnings), StringComparison.Ordinal);
        for (var minute = 1; minute <= 60; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await clock.WaitForTimersAsync(1, TestContext.Current.CancellationToken);
        }
        Assert.Equal((3, first + TimeSpan.FromMinutes(120)), (looks, loop.Facts!.At));
        await ending.CancelAsync();
        await running;
        Assert.Null(new Heartbeats(context.Catalog!).Find(Heartbeats.Scheduler));
    }

    private static Task<BackupResult> BackUpAsync(EngineContext context) =>
        new BackupRun(context, new BackupRequest { Job = "journal" }, new RunProgress()).ExecuteAsync(CancellationToken.None);

    private AlertDesk Desk(EngineContext context, RecordingSender sender, params string[] on) => new(
        [sender.Route("webhook", null, on)], new AlertBook(() => context.Catalog, warnings.Add), "host", context.Clock, warnings.Add);
}
