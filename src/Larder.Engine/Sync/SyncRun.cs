using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Engine.Sync;

/// <summary>One sync of a job's local and remote database, as a run of its own. Nothing else of the job runs meanwhile.</summary>
public sealed class SyncRun
{
    private readonly EngineContext context;
    private readonly JobSettings job;
    private readonly JobSync sync;

    /// <exception cref="LarderException"><see cref="EngineError.UnknownJob"/>; <see cref="EngineError.UsageInvalid"/> where the job has
    /// no sync; <see cref="EngineError.LocalModeNeeded"/>.</exception>
    public SyncRun(EngineContext context, string name, RunProgress progress)
    {
        this.context = context;
        job = context.JobOf(name);
        LocalPrimary.EnsureNotElsewhere(context.Configuration);
        sync = new JobSync(context, job, job.Sync ?? throw NotConfigured(context, name), progress);
    }

    /// <summary>Counts what it would do, and writes nothing.</summary>
    public Task<SyncReport> PlanAsync(CancellationToken cancellationToken) => MakeAsync(null, cancellationToken);

    /// <exception cref="LarderException"><see cref="EngineError.JobAlreadyRunning"/>.</exception>
    /// <exception cref="Exception">A side failed: then the run is `failed`, and what was done until then is in its events.</exception>
    public async Task<SyncReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        using var gate = JobGate.Enter(context, job.Name);
        var journal = RunJournal.Begin(
            context.Catalog,
            new NewRun
            {
                Id = context.NewRunId(), Kind = RunKind.Sync, Job = job.Name, Trigger = context.Trigger, CreatedBy = context.CreatedBy,
            },
            context.Warn,
            context.Watch);
        try
        {
            var report = await MakeAsync(journal, cancellationToken);
            journal.Finish(new RunResult
            {
                Status = report.Status == SyncStatus.Success ? RunStatus.Success : RunStatus.Partial,
                ExitStatus = report.ExitStatus,
            });
            return report;
        }
        catch (Exception e)
        {
            var error = ErrorTable.Describe(e, new ErrorContext { Job = job.Name });
            journal.Append(EventLevel.Error, error.Message);
            journal.Finish(RunResult.Failed(error));
            throw;
        }
    }

    private async Task<SyncReport> MakeAsync(RunJournal? journal, CancellationToken cancellationToken)
    {
        var began = context.Clock.GetTimestamp();
        var outcome = await sync.ExecuteAsync(journal, cancellationToken);
        return new SyncReport
        {
            Job = job.Name,
            RunId = journal?.RunId,
            Collections = outcome.Collections,
            LeftOut = outcome.LeftOut,
            DurationSeconds = Math.Round(context.Clock.GetElapsedTime(began).TotalSeconds, 3),
        };
    }

    private static LarderException NotConfigured(EngineContext context, string name)
    {
        var others = context.Configuration.Jobs.Values.Where(job => job.Sync is not null).Select(job => job.Name).ToList();
        return new LarderException(EngineError.UsageInvalid, $"Job \"{name}\" has no remote side to sync with.")
        {
            Context = new ErrorContext { Job = name },
            Hint = others.Count > 0
                ? $"jobs that have one: {string.Join(", ", others)}."
                : $"say it in jobs.{name}: \"sync: {{ source: db, remote: URL, primary: local }}\".",
        };
    }
}
