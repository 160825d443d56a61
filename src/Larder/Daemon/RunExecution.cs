using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;
using Larder.Engine;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>
/// Does orders with the engine, each with a composition of its own: an idle service holds no index of a repository, a run goes on with the
/// configuration that it began with, and none can spoil another's.
/// </summary>
internal sealed class RunExecution(Func<LarderConfiguration> configuration, TimeProvider clock, ILogger log)
{
    // Nobody waits at a terminal; somebody else's cleanup may take its time.
    private static readonly TimeSpan LockWait = TimeSpan.FromMinutes(10);

    /// <summary>As <see cref="RunExecutor"/> has it.</summary>
    public async Task ExecuteAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        using var composition = Compose();
        var context = composition.ContextWithCatalog() with { CreatedBy = entry.Run.CreatedBy ?? Environment.UserName };
        try
        {
            if (!entry.Order.SeesToRestores)
            {
                await RecoverRestoresAsync(context, cancellationToken);
            }
            context = context with
            {
                Trigger = entry.Run.Trigger,
                RunIds = Ids(entry.Run.RunId),
                Report = document => Keep(context.Catalog, entry.Run.RunId, document),
            };
            await entry.Order.ExecuteAsync(context, entry.Progress!, cancellationToken);
        }
        finally
        {
            await (WhenEnded?.Invoke() ?? Task.CompletedTask);
            await composition.Alerts.CompleteAsync(cancellationToken.IsCancellationRequested);
        }
    }

    /// <summary>Waited for after each run, before anybody hears of its end: what is known of backups may be old now. Never fails.</summary>
    public Func<Task>? WhenEnded { get; set; }

    /// <summary>The engine with the configuration that counts now; disposed by whoever asked, after the work.</summary>
    public Composition Compose() => new(configuration(), LockWait, clock, log.Warned);

    /// <summary>Puts right what killed restores left; what cannot be is a warning: a backup is worth having nevertheless.</summary>
    public async Task RecoverRestoresAsync(EngineContext context, CancellationToken cancellationToken)
    {
        try
        {
            if (RestoreRecovery.IsNeeded(context))
            {
                foreach (var one in await RestoreRecovery.RunAsync(context, new RunProgress(), cancellationToken))
                {
                    log.Warned(one.What);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.Warned(ErrorTable.Describe(e).ToString());
        }
    }

    private void Keep(CatalogDatabase? catalog, string runId, string document)
    {
        try
        {
            if (catalog is not null)
            {
                new RunReports(catalog).Keep(runId, document);
            }
        }
        catch (LarderException e)
        {
            log.Warned(e.Message); // What was made stands; only its report is not kept.
        }
    }

    /// <summary>First the id that the run was promised under; what it does besides, such as a safety backup, has its own.</summary>
    private Func<string> Ids(string first)
    {
        string? next = first;
        return () => Interlocked.Exchange(ref next, null) ?? RunId.New(clock);
    }
}
