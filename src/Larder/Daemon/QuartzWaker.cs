using Larder.Engine.Configuration;
using Larder.Engine.Schedule;
using Quartz.Extensibility;
using Quartz;

namespace Larder.Daemon;

/// <summary>
/// Wakes the timekeeper by Quartz.NET: at the times of every schedule, and every minute besides. Quartz only wakes; what is due, the
/// timekeeper reads from the catalog. So a wake-up too many does nothing, and what Quartz cannot know (the machine slept, its clock
/// was set) costs a minute at most.
/// </summary>
internal sealed class QuartzWaker : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMinutes(1);
    private static readonly JobKey Look = new("look", "larder");

    private readonly IScheduler scheduler;

    private QuartzWaker(IScheduler scheduler) => this.scheduler = scheduler;

    /// <param name="look">Called for each wake-up, never twice at once.</param>
    /// <param name="clock">What Quartz goes by.</param>
    /// <param name="cancellationToken">Of the start alone.</param>
    public static async Task<QuartzWaker> StartAsync(Action look, TimeProvider clock, CancellationToken cancellationToken)
    {
        var scheduler = await QuartzSchedulerBuilder.Create(quartz =>
        {
            quartz.UseTimeProvider(clock);
            quartz.UseJobFactory(new LookFactory(look));
            quartz.UseDefaultThreadPool(1);
        }).BuildScheduler(cancellationToken);
        await scheduler.AddJob(
            JobBuilder.Create<LookJob>().WithIdentity(Look).StoreDurably().Build(), new AddJobOptions(), cancellationToken);
        return new QuartzWaker(scheduler);
    }

    /// <summary>Begins to wake.</summary>
    public ValueTask BeginAsync(CancellationToken cancellationToken) => scheduler.Start(cancellationToken);

    /// <summary>Replaces all wake-ups by those of a configuration.</summary>
    public async Task SetAsync(LarderConfiguration configuration, CancellationToken cancellationToken)
    {
        await scheduler.UnscheduleJobs(GroupMatcher<TriggerKey>.GroupEquals(Look.Group), cancellationToken);
        var crons = Recurrence.AllOf(configuration)
            .Select(recurrence => (Cron: QuartzCron.Of(recurrence.Cron), recurrence.Zone)).Distinct();
        IEnumerable<IScheduleBuilder> schedules =
        [
            SimpleScheduleBuilder.Create().WithInterval(Heartbeat).RepeatForever(),
            .. crons.Select(each => CronScheduleBuilder.Create(each.Cron, CronFormat.Unix).InTimeZone(each.Zone)),
        ];
        foreach (var (number, schedule) in schedules.Index())
        {
            var trigger = TriggerBuilder.Create(scheduler.TimeProvider)
                .WithIdentity($"wake-{number}", Look.Group).ForJob(Look).WithSchedule(schedule).Build();
            await scheduler.ScheduleJob(trigger, new ScheduleJobOptions(), cancellationToken);
        }
    }

    public async ValueTask DisposeAsync() => await scheduler.Shutdown(true, CancellationToken.None);

    [DisallowConcurrentExecution]
    private sealed class LookJob(Action look) : IJob
    {
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
        {
            look();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class LookFactory(Action look) : IJobFactory
    {
        public ValueTask<JobScope> CreateJob(
            TriggerFiredBundle bundle, IScheduler scheduler, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(new JobScope(new LookJob(look), null));

        public ValueTask ReturnJob(JobScope scope, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
