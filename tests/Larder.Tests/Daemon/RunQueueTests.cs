using Larder.Daemon;
using Larder.Engine.BackingUp;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Microsoft.Extensions.Logging.Abstractions;
using RunNews = Larder.Daemon.RunNews;

namespace Larder.Tests.Daemon;

public sealed class RunQueueTests
{
    private static readonly LarderException Failure = new(EngineError.HookFailed, "The hook failed.");

    [Fact]
    public async Task Of_one_job_only_one_run_is_executed_at_a_time()
    {
        await using var bench = new QueueBench();
        var (first, second) = (bench.BackUp("a"), bench.BackUp("a"));
        await bench.UntilBegunAsync(1);
        Assert.Equal([(first, true), (second, false)], bench.Queue.List().Select(entry => (entry.Run.RunId, entry.IsRunning)));

        await bench.EndAsync(first);
        await bench.UntilBegunAsync(2);
        Assert.Equal([first, second], bench.Begun);
    }

    [Fact]
    public async Task No_more_runs_are_executed_at_once_than_the_configuration_allows()
    {
        await using var bench = new QueueBench(parallel: 2);
        string[] runs = [bench.BackUp("a"), bench.BackUp("b"), bench.BackUp("c")];
        await bench.UntilBegunAsync(2);
        Assert.Single(bench.Queue.List(), entry => !entry.IsRunning);

        await bench.EndAsync(runs[0]);
        await bench.UntilBegunAsync(3);
    }

    [Fact]
    public async Task Who_asked_himself_goes_before_schedules_and_the_greater_priority_before_the_smaller()
    {
        await using var bench = new QueueBench(parallel: 1);
        var busy = bench.BackUp("a");
        var (low, high) = (bench.BackUp("b", "schedule"), bench.BackUp("c", "schedule"));
        var asked = bench.BackUp("a");
        await bench.UntilBegunAsync(1);
        Assert.Equal([busy, asked, high, low], bench.Queue.List().Select(entry => entry.Run.RunId));
    }

    [Fact]
    public async Task A_cleanup_has_its_repositories_for_itself()
    {
        await using var bench = new QueueBench(parallel: 3);
        var backup = bench.BackUp("a");
        var cleanup = bench.Queue.Enqueue(new CleanupOrder("b"), new RunOrigin("api", "tester"));
        bench.BackUp("c"); // In another repository.
        await bench.UntilBegunAsync(2);
        Assert.Equal([cleanup], bench.Queue.List().Where(entry => !entry.IsRunning).Select(entry => entry.Run.RunId));

        await bench.EndAsync(backup);
        await bench.UntilBegunAsync(3);
    }

    [Fact]
    public async Task A_good_scheduled_backup_is_followed_by_its_cleanup()
    {
        await using var bench = new QueueBench();
        var backup = bench.Queue.Enqueue(
            new BackupOrder(new BackupRequest { Job = "a" }, ThenCleanup: true), new RunOrigin("schedule", "tester"));
        await bench.UntilBegunAsync(1);
        await bench.EndAsync(backup);
        await bench.UntilBegunAsync(2);
        Assert.Equal(RunKind.Cleanup, bench.Catalog.FindRun(bench.Begun[1])!.Kind);
    }

    [Fact]
    public async Task A_scheduled_run_that_failed_is_begun_again_as_often_as_its_job_says_and_not_more()
    {
        await using var bench = new QueueBench(", retry: { times: 2, wait: 10m }");
        bench.BackUp("a", "schedule");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await bench.UntilBegunAsync(attempt);
            await bench.EndAsync(bench.Begun[^1], Failure);
            Assert.Equal(attempt < 3 ? 1 : 0, bench.Queue.List().Count);
            bench.Clock.Advance(TimeSpan.FromMinutes(9));
            Assert.Equal(attempt, bench.Begun.Count);
            bench.Clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task A_failure_that_somebody_must_put_right_first_is_not_tried_again()
    {
        await using var bench = new QueueBench();
        var run = bench.BackUp("a", "schedule");
        await bench.UntilBegunAsync(1);
        await bench.EndAsync(run, new LarderException(EngineError.SecretUnavailable, "The password file is missing."));
        Assert.Empty(bench.Queue.List());
    }

    [Fact]
    public async Task Cancelling_closes_what_waits_at_once_and_what_runs_when_it_has_ended()
    {
        await using var bench = new QueueBench();
        var (running, waiting) = (bench.BackUp("a"), bench.BackUp("a"));
        await bench.UntilBegunAsync(1);

        Assert.True(bench.Queue.Cancel(waiting, "tester"));
        Assert.Equal(RunStatus.Cancelled, bench.StatusOf(waiting));
        Assert.Contains(bench.Catalog.Events(waiting), one => one.Message.Contains("tester", StringComparison.Ordinal));

        Assert.True(bench.Queue.Cancel(running, "tester"));
        await bench.Queue.WhenIdleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Cancelled, bench.StatusOf(running));
        Assert.False(bench.Queue.Cancel(running, "tester"));
        Assert.Empty(bench.Catalog.Queue.All());
    }

    [Fact]
    public async Task Whoever_follows_a_run_gets_its_events_its_progress_and_its_end()
    {
        await using var bench = new QueueBench();
        var run = bench.BackUp("a");
        await bench.UntilBegunAsync(1);
        bench.Catalog.AppendEvent(run, EventLevel.Info, "one");
        bench.Queue.Find(run)!.Progress!.Begin("reading", 100);
        var news = new List<RunNews>();
        var following = FollowAsync();
        while (!following.IsCompleted)
        {
            await Task.WhenAny(following, bench.Clock.WaitForTimersAsync(1, TestContext.Current.CancellationToken));
            bench.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await following;
        Assert.Equal(["one", "two"], news.Select(one => one.Event?.Message).OfType<string>());
        Assert.Contains(news, one => one.Progress is { Phase: "reading", TotalBytes: 100 });
        Assert.Equal(RunStatus.Success, news[^1].End!.Status);

        async Task FollowAsync()
        {
            await foreach (var one in bench.Queue.FollowAsync(run, 0, TestContext.Current.CancellationToken))
            {
                news.Add(one);
                if (one.Progress is not null)
                {
                    bench.Catalog.AppendEvent(run, EventLevel.Info, "two");
                    await bench.EndAsync(run);
                }
            }
        }
    }

    [Fact]
    public async Task Stopping_waits_so_long_and_then_cancels_and_has_scheduled_runs_again()
    {
        await using var bench = new QueueBench();
        var (asked, scheduled) = (bench.BackUp("a"), bench.BackUp("b", "schedule"));
        var waiting = bench.BackUp("a");
        await bench.UntilBegunAsync(2);

        var stopped = bench.Queue.StopAsync(TimeSpan.FromSeconds(60));
        bench.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(stopped.IsCompleted);
        Assert.Throws<LarderException>(() => bench.BackUp("c"));
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await stopped;

        Assert.Equal(RunStatus.Cancelled, bench.StatusOf(asked));
        Assert.Equal(RunStatus.Cancelled, bench.StatusOf(scheduled));
        var left = bench.Catalog.Queue.All();
        Assert.Equal(["a", "b"], left.Select(row => row.Job).Order());
        Assert.Contains(left, row => row.RunId == waiting);
        Assert.All(left, row => Assert.Null(row.BegunAt));
    }

    [Fact]
    public async Task What_ends_in_time_is_not_cancelled_when_the_service_stops()
    {
        await using var bench = new QueueBench();
        var run = bench.BackUp("a");
        await bench.UntilBegunAsync(1);
        var stopped = bench.Queue.StopAsync(TimeSpan.FromSeconds(60));
        await bench.EndAsync(run);
        await stopped;
        Assert.Equal(RunStatus.Success, bench.StatusOf(run));
    }

    [Fact]
    public async Task After_a_kill_what_waited_runs_and_what_ran_is_failed_and_tried_again()
    {
        await using var bench = new QueueBench(", retry: { times: 1, wait: 1m }");
        var (interrupted, waiting) = (bench.BackUp("a"), bench.BackUp("a"));
        await bench.UntilBegunAsync(1);

        await bench.RestartAsync();
        await bench.UntilBegunAsync(2);

        var closed = bench.Catalog.FindRun(interrupted)!;
        Assert.Equal((RunStatus.Failed, "LARDER-002"), (closed.Status, closed.ErrorCode));
        Assert.Equal(waiting, bench.Begun[1]); // Under the id that was promised.
        await bench.EndAsync(waiting);
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await bench.UntilBegunAsync(3);
        Assert.Equal(2, bench.Queue.Find(bench.Begun[2])!.Run.Attempt);
    }

    [Fact]
    public async Task A_restore_that_waited_when_the_process_died_is_not_begun_by_the_next()
    {
        await using var bench = new QueueBench();
        bench.BackUp("a");
        bench.Queue.Enqueue(
            new DirectOrder { What = RunKind.Restore, Job = "a", Work = (_, _, _) => Task.CompletedTask }, new RunOrigin("api", "tester"));
        await bench.UntilBegunAsync(1);
        await bench.RestartAsync();
        Assert.DoesNotContain(bench.Queue.List(), entry => entry.Order.Kind == RunKind.Restore);
    }

    [Fact]
    public async Task A_job_that_another_process_is_at_work_on_is_waited_for_under_the_same_id()
    {
        await using var bench = new QueueBench { JobsOfOthers = { "a" } };
        var run = bench.BackUp("a");
        await bench.Queue.WhenIdleAsync(TestContext.Current.CancellationToken);
        Assert.Null(bench.Catalog.FindRun(run));
        Assert.False(Assert.Single(bench.Queue.List()).IsRunning);

        bench.JobsOfOthers.Clear();
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await bench.UntilBegunAsync(1);
        Assert.Equal([run], bench.Begun);
    }

    [Fact]
    public async Task A_run_that_never_came_to_begin_is_failed_in_the_catalog()
    {
        await using var bench = new QueueBench { Broken = new LarderException(EngineError.ConfigurationInvalid, "There is no such thing.") };
        var run = bench.BackUp("a");
        await bench.Queue.WhenIdleAsync(TestContext.Current.CancellationToken);
        Assert.Equal((RunStatus.Failed, "LARDER-010"), (bench.StatusOf(run), bench.Catalog.FindRun(run)!.ErrorCode));
    }

    [Fact]
    public async Task A_schedule_is_kept_though_the_catalog_cannot_be_written_and_each_moment_of_it_once()
    {
        await using var bench = new QueueBench(", schedule: [{ cron: \"*/10 * * * *\" }]");
        var timekeeper = new Timekeeper(bench.Catalog, bench.Queue, () => bench.Configuration, bench.Clock, NullLogger.Instance);
        timekeeper.Look();
        bench.BreakTheQueueInTheCatalog();
        for (var number = 1; number <= 2; number++)
        {
            bench.Clock.Advance(TimeSpan.FromMinutes(10));
            timekeeper.Look();
            timekeeper.Look();
            await bench.UntilBegunAsync(number);
            await bench.EndAsync(bench.Begun[^1]);
            Assert.Equal(number, bench.Begun.Count);
            Assert.Equal(RunStatus.Success, bench.StatusOf(bench.Begun[^1]));
        }
        Assert.Equal(bench.Clock.GetUtcNow(), timekeeper.LastLook);
    }

    [Fact]
    public async Task What_a_person_asks_for_is_refused_while_the_catalog_cannot_be_written()
    {
        await using var bench = new QueueBench();
        bench.BreakTheQueueInTheCatalog();
        Assert.Equal(EngineError.CatalogUnavailable, Assert.Throws<LarderException>(() => bench.BackUp("a")).Error);
        Assert.Empty(bench.Queue.List());
    }
}
