using Larder.Engine;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;
using Larder.Engine.Monitoring.Channels;
using Larder.Engine.Monitoring.Logs;

namespace Larder;

/// <summary>The part of the composition that tells people: alerts and log files.</summary>
internal sealed class AlertComposition : IDisposable
{
    // One attempt after another at a channel that is down takes 101 s; then the others have been told.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(110);
    private static readonly TimeSpan PatienceWhenInterrupted = TimeSpan.FromSeconds(10);

    private readonly TimeProvider clock;
    private readonly AlertSenders senders;
    private readonly RunAlerts runs;
    private readonly LogBooks? logs;

    /// <param name="configuration">Who is told what.</param>
    /// <param name="openCatalog">Opens the catalog when it is first needed, and stays its owner.</param>
    /// <param name="clock">Times and waits.</param>
    /// <param name="warn">Told what could not be sent or written.</param>
    /// <param name="journal">Where lines for systemd's journal go; null where it does not listen.</param>
    public AlertComposition(
        LarderConfiguration configuration, Func<CatalogDatabase?> openCatalog, TimeProvider clock, Action<string> warn, TextWriter? journal)
    {
        this.clock = clock;
        senders = new AlertSenders(Environment.MachineName, clock, warn);
        logs = configuration.Logs is { } settings
            ? new LogBooks(settings, clock, warn) { IsDebug = configuration.Variables.GetValueOrDefault("DEBUG") is "1", Journal = journal }
            : null;
        Routes = AlertRoute.AllOf(configuration.Alerts, senders.Of);
        Desk = new AlertDesk(Routes, new AlertBook(openCatalog, warn), Environment.MachineName, clock, warn)
        {
            Sent = logs is null ? null : logs.OfAlert,
        };
        runs = new RunAlerts(Desk, warn);
    }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<AlertRoute> Routes { get; }

    public AlertDesk Desk { get; }

    /// <summary>Null where none are written.</summary>
    public LogBooks? Logs => logs;

    /// <summary>The one place where runs are heard of.</summary>
    public void Watch(JournalNews news)
    {
        logs?.OfRun(news);
        runs.Hear(news);
    }

    /// <summary>A run that could not tell of its end itself.</summary>
    public void WatchInterrupted(Run run) => Watch(new JournalNews.Ended(new RunResult
    {
        Status = run.Status,
        ExitStatus = ExitStatus.Failed,
        Error = new ErrorReport
        {
            Code = run.ErrorCode ?? ErrorTable.Row(EngineError.Interrupted).Code,
            Message = run.ErrorMessage ?? "",
            Hint = run.Hint ?? ErrorTable.Row(EngineError.Interrupted).Hint,
            ExitStatus = ExitStatus.Failed,
            HttpStatus = ErrorTable.Row(EngineError.Interrupted).HttpStatus,
        },
    })
    {
        Run = new NewRun { Id = run.Id, Kind = run.Kind, Job = run.Job, Trigger = run.Trigger, CreatedBy = run.CreatedBy },
    });

    /// <summary>Waits, for a bounded time, until people have been told of every run. Nothing is heard of afterwards.</summary>
    public Task CompleteAsync(bool isInterrupted) => runs.CompleteAsync(isInterrupted ? PatienceWhenInterrupted : Patience, clock);

    /// <summary>One look at everything.</summary>
    /// <param name="context">With the catalog.</param>
    /// <param name="tellsPeople">Whether people are told what is not well.</param>
    public HealthRun Health(EngineContext context, bool tellsPeople) => new(
        context,
        new FactGathering(context) { Timers = token => SystemdTimers.FindAsync(clock, token) },
        tellsPeople ? Desk : null);

    public void Dispose()
    {
        runs.Dispose();
        senders.Dispose();
    }
}
