using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Daemon;

/// <summary>What follows from a run that has ended: a cleanup after a good backup, another attempt after a failure, or nothing.</summary>
internal static class Followers
{
    private static readonly string InterruptedCode = ErrorTable.Row(EngineError.Interrupted).Code;

    /// <param name="row">As it was in the queue.</param>
    /// <param name="order">What it did.</param>
    /// <param name="run">As it was closed.</param>
    /// <param name="isStopping">Whether the service itself is what cancelled it.</param>
    /// <param name="configuration">The one that counts now.</param>
    /// <param name="clock">Now, and new ids.</param>
    public static IReadOnlyList<QueuedRun> Of(
        QueuedRun row, RunOrder order, Run run, bool isStopping, LarderConfiguration configuration, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        if (run.Status is RunStatus.Success or RunStatus.Partial)
        {
            return order is BackupOrder { ThenCleanup: true, JobName: { } job } ? [Cleanup(job)] : [];
        }
        if (order is DirectOrder)
        {
            return [];
        }
        if (isStopping && run.Status == RunStatus.Cancelled && row.Trigger == RunOrigin.Schedule)
        {
            return [Again(row.Attempt, now, $"Run {row.RunId} was cancelled when the service was stopped.")];
        }
        var retry = order.JobName is { } name && configuration.Jobs.TryGetValue(name, out var settings)
            ? settings.Retry
            : new RetrySettings();
        return row.Attempt <= retry.Times && IsWorthAnother(row, run)
            ? [Again(row.Attempt + 1, now + retry.Wait, $"Run {row.RunId} failed: {run.ErrorCode} {run.ErrorMessage}")]
            : [];

        QueuedRun Again(int attempt, DateTimeOffset startAt, string why) => row with
        {
            RunId = RunId.New(clock),
            EnqueuedAt = now,
            StartAt = startAt,
            Attempt = attempt,
            BegunAt = null,
            Why = why,
        };

        QueuedRun Cleanup(string job)
        {
            var cleanup = new CleanupOrder(job);
            return new QueuedRun
            {
                RunId = RunId.New(clock),
                Job = job,
                Work = cleanup.ToJson(),
                Trigger = row.Trigger,
                CreatedBy = row.CreatedBy,
                Why = $"Backup run {row.RunId} has ended well.",
                Priority = Rank.Of(cleanup, row.Trigger, configuration),
                EnqueuedAt = now,
                StartAt = now,
            };
        }
    }

    /// <summary>
    /// Whether the same again may end better: after an interruption, and after a failure that nobody has to put right first. Whoever asked
    /// himself sees the failure himself.
    /// </summary>
    private static bool IsWorthAnother(QueuedRun row, Run run)
    {
        if (run.Status != RunStatus.Failed)
        {
            return false;
        }
        return run.ErrorCode == InterruptedCode
            || (row.Trigger == RunOrigin.Schedule && run.ExitStatus is (int)ExitStatus.Failed or (int)ExitStatus.Locked);
    }
}
