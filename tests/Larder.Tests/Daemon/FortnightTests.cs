using Larder.Daemon;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Schedule;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Tests.Daemon;

/// <summary>
/// Two weeks of a service in seconds, on a fake clock: random schedules in random zones across a change of the clocks, runs that fail, and a
/// process that is killed at random moments and stays away for a while. Backups fill the slots of their retention, and somebody looks from
/// outside every hour and tells what was missed.
/// </summary>
public sealed class FortnightTests
{
    // All of them in `make soak`.
    private static readonly int Seeds = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 1000 : 8;

    [Fact]
    public async Task Every_schedule_slot_and_alert_lands_when_it_should_across_clock_changes_failures_and_kills()
    {
        var noticed = 0;
        await SeededRandom.RunManyAsync(Seeds, async random =>
        {
            await using var fortnight = new SimulatedService(random);
            await fortnight.RunAsync();
            fortnight.AssertNothingLostAndNothingTwice();
            noticed += fortnight.AssertSlotsAndAlerts();
        });
        Assert.True(noticed > 0, "Nothing was ever missed: the simulation is too kind.");
    }

    private sealed record Execution(QueuedRun Run, RunKind Kind, DateTimeOffset At, RunStatus Status, bool IsNoted);

    /// <param name="At">When.</param>
    /// <param name="Waiting">The schedules of which a run still waited; it stands for what is due now.</param>
    private sealed record Glance(DateTimeOffset At, IReadOnlySet<string> Waiting);

    private sealed class SimulatedService : IAsyncDisposable
    {
        private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

        private readonly TemporaryFolder folder = new();
        private readonly Random random;
        private readonly int seed;
        private readonly TestClock clock;
        private readonly DateTimeOffset end;
        private readonly LarderConfiguration configuration;
        private readonly List<Glance> glances = [];
        private readonly List<Execution> executions = [];
        private readonly SimulatedRepository repository = new();
        private readonly SimulatedWatcher watcher;
        private int lives;
        private CatalogDatabase catalog = null!;
        private RunQueue queue = null!;
        private Timekeeper timekeeper = null!;
        private TaskCompletionSource dying = new();

        public SimulatedService(Random random)
        {
            (this.random, seed) = (random, random.Next());
            var (zone, from) = RandomSchedules.Fortnight(random);
            clock = new TestClock(from);
            end = from + TimeSpan.FromDays(14);
            configuration = Configure(zone);
            watcher = new SimulatedWatcher(configuration, repository, clock, TimeSpan.FromMinutes(random.Next(30, 600)));
        }

        public async Task RunAsync()
        {
            await StartAsync();
            for (var minute = 1; clock.GetUtcNow() < end; minute++)
            {
                if (dying.Task.IsCompleted || random.Next(3000) == 0)
                {
                    await DieAsync();
                    clock.Advance(Minute * (random.Next(3) == 0 ? 0 : random.Next(1, 3000)));
                    using (var opened = CatalogDatabase.Open(folder["catalog.db"], clock, _ => { }))
                    {
                        await WatchAsync(opened);
                    }
                    await StartAsync();
                    continue;
                }
                clock.Advance(Minute);
                await LookWhenSettledAsync();
                if (minute % 60 == 0 && !dying.Task.IsCompleted)
                {
                    await WatchAsync(catalog);
                }
            }
            // What was due last may begin some minutes later, and again after a failure.
            while (queue.List().Count > 0)
            {
                if (dying.Task.IsCompleted)
                {
                    await DieAsync();
                    await ResumeAsync();
                }
                clock.Advance(Minute);
                await SettleAsync();
            }
        }

        public void AssertNothingLostAndNothingTwice()
        {
            foreach (var recurrence in Recurrence.AllOf(configuration))
            {
                var all = WallClock.Occurrences(recurrence.Cron, recurrence.Zone, glances[0].At, glances[^1].At).ToList();
                var expected = glances.Zip(glances.Skip(1))
                    .Where(pair => !pair.Second.Waiting.Contains(recurrence.Key))
                    .Select(pair => all.LastOrDefault(due => due > pair.First.At && due <= pair.Second.At))
                    .Where(due => due != default).ToList();
                var ran = executions.Where(one => one.Run.Schedule == recurrence.Key && one.Run.Attempt == 1).ToList();
                var found = ran.Select(one => one.Run.DueAt!.Value).ToList();
                Assert.True(expected.SequenceEqual(found), $"{recurrence.Key}: expected {Text(expected)}; ran {Text(found)}");
                Assert.All(ran, one => Assert.True(one.At >= recurrence.StartOf(one.Run.DueAt!.Value), $"{recurrence.Key} began too early."));
                AssertRetries(recurrence);
            }

            // A cleanup for each good backup and no other, however the process died.
            Assert.Equal(
                executions.Count(one => one is { Kind: RunKind.Backup, Status: RunStatus.Success }),
                executions.Count(one => one is { Kind: RunKind.Cleanup, Run.Attempt: 1 }));
            Assert.Empty(catalog.Queue.All());
            Assert.Equal(executions.Count, catalog.Runs(new RunFilter { Limit = 1 }).Total);
            foreach (var one in executions)
            {
                Assert.Equal(one.Status, catalog.FindRun(one.Run.RunId)!.Status); // Nothing is green that is not.
            }
        }

        /// <returns>How often it was noticed that something was missed.</returns>
        public int AssertSlotsAndAlerts()
        {
            Assert.Empty(repository.Mistakes);
            watcher.AssertQuiet();
            return watcher.Noticed;
        }

        public async ValueTask DisposeAsync()
        {
            catalog?.Dispose();
            await folder.DisposeAsync();
        }

        private LarderConfiguration Configure(TimeZoneInfo zone)
        {
            var yaml = $"repositories: {{ local: {{ path: {folder["r"]}, password: x }} }}\nserve: {{ max_parallel_runs: 1 }}\njobs:\n";
            for (var number = random.Next(1, 4); number > 0; number--)
            {
                yaml += $$"""
                      job{{number}}:
                        sources: { f: { files: { paths: [/srv/{{number}}] } } }
                        time_zone: {{(random.Next(3) == 0 ? "UTC" : zone.Id)}}
                        schedule: [{ cron: "{{RandomSchedules.Cron(random)}}" }, { cron: "{{RandomSchedules.Cron(random)}}", only: [f] }]
                        verify: { cron: "{{RandomSchedules.Cron(random)}}", subset: 1/7 }
                        keep: { last: {{random.Next(1, 4)}}, daily: {{random.Next(1, 9)}}, weekly: {{random.Next(1, 4)}} }
                        jitter: {{random.Next(1, 9)}}m
                        retry: { times: {{random.Next(3)}}, wait: 2m }

                    """;
            }
            var result = ConfigurationLoader.LoadText(yaml, folder["larder.yaml"], new ConfigurationEnvironment
            {
                Variables = new Dictionary<string, string>(),
                WorkingDirectory = folder.FullPath,
            });
            return result.Configuration ?? throw new TestFailedException($"{string.Join('\n', result.Problems)}\n{yaml}");
        }

        private void AssertRetries(Recurrence recurrence)
        {
            var times = configuration.Jobs[recurrence.Job].Retry.Times;
            foreach (var attempts in executions.Where(one => one.Run.Schedule == recurrence.Key).GroupBy(one => one.Run.DueAt))
            {
                var list = attempts.ToList();
                Assert.Equal(Enumerable.Range(1, list.Count), list.Select(one => one.Run.Attempt));
                Assert.All(list.SkipLast(1), one => Assert.Equal(RunStatus.Failed, one.Status));
                Assert.True(list[^1].Status == RunStatus.Success || list.Count == times + 1, $"{recurrence.Key} {attempts.Key:u} was given up.");
            }
        }

        private async Task StartAsync()
        {
            await ResumeAsync();
            await LookWhenSettledAsync();
        }

        /// <summary>A run that begins between the glance and the look would make the glance a wrong witness.</summary>
        private async Task LookWhenSettledAsync()
        {
            await SettleAsync();
            if (!dying.Task.IsCompleted)
            {
                await LookAsync();
            }
        }

        private Task ResumeAsync()
        {
            dying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

            // Each life is a process that is gone, so that the next one finds it dead.
            var self = new ProcessIdentity(Environment.MachineName, 4_000_000 + ++lives, null, -1);
            catalog = CatalogDatabase.Open(folder["catalog.db"], clock, warning => throw new TestFailedException(warning), self);
            catalog.CloseInterrupted();
            queue = new RunQueue(catalog, () => configuration, clock, ExecuteAsync, NullLogger.Instance);
            queue.Resume();
            timekeeper = new Timekeeper(catalog, queue, () => configuration, clock, NullLogger.Instance);
            return SettleAsync();
        }

        /// <summary>As SIGKILL does it: from one moment to the next nothing is written any more.</summary>
        private async Task DieAsync()
        {
            catalog.Dispose();
            await queue.DisposeAsync();
        }

        private Task LookAsync()
        {
            var waiting = queue.List().Where(entry => !entry.IsRunning && entry.Run.Schedule is not null).Select(entry => entry.Run.Schedule!);
            glances.Add(new Glance(clock.GetUtcNow(), waiting.ToHashSet()));
            timekeeper.Look();
            Assert.Equal(clock.GetUtcNow(), timekeeper.LastLook);
            return SettleAsync();
        }

        private Task WatchAsync(CatalogDatabase opened) => watcher.LookAsync(
            opened, executions.Where(one => one.Kind == RunKind.Backup).ToLookup(one => one.Run.Job!, one => (one.At, one.IsNoted)));

        /// <summary>Until nothing runs, or the process is to die.</summary>
        private Task SettleAsync() => Task.WhenAny(queue.WhenIdleAsync(CancellationToken.None), dying.Task);

        private async Task ExecuteAsync(QueueEntry entry, CancellationToken cancellationToken)
        {
            var (run, at, kind) = (entry.Run, clock.GetUtcNow(), entry.Order.Kind);
            var fate = new Random(seed ^ run.Attempt ^ (int)(at.UtcTicks / Minute.Ticks * 31) ^ executions.Count).Next(100);
            executions.Add(new Execution(run, kind, at, fate is < 85 or 97 ? RunStatus.Success : RunStatus.Failed, fate != 99));
            if (fate == 99)
            {
                await DieHereAsync(cancellationToken); // Before anything was noted.
            }
            catalog.BeginRun(new NewRun { Id = run.RunId, Kind = kind, Job = run.Job, Trigger = run.Trigger });
            if (fate == 98)
            {
                await DieHereAsync(cancellationToken); // In the middle of it.
            }
            if (fate is < 85 or 97)
            {
                Do(run.Job!, kind, at);
                catalog.FinishRun(run.RunId, RunResult.Success);
            }
            if (fate == 97)
            {
                await DieHereAsync(cancellationToken); // It has ended well, and what follows from that was not noted yet.
            }
            if (fate is > 85 and < 97)
            {
                throw new LarderException(EngineError.HookFailed, "The hook failed.");
            }
        }

        private void Do(string job, RunKind kind, DateTimeOffset at)
        {
            if (kind == RunKind.Backup)
            {
                repository.Add(job, at);
            }
            else if (kind == RunKind.Cleanup)
            {
                repository.CleanUp(configuration.Jobs[job], at);
            }
        }

        private Task DieHereAsync(CancellationToken cancellationToken)
        {
            dying.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
        }

        private static string Text(IEnumerable<DateTimeOffset> moments) => string.Join(' ', moments.Select(each => $"{each:MM-dd'T'HH:mm}"));
    }
}
