using Larder.Engine.Catalog;
using Larder.Engine.Configuration;

namespace Larder.Daemon;

/// <summary>Which of several waiting runs goes first: the greater.</summary>
internal static class Rank
{
    // Further apart than the job's own priority, from -100 to 100, can bridge.
    private const int Asked = 1000, Restoring = 2000, ScheduledBackup = 300;

    public static int Of(RunOrder order, string trigger, LarderConfiguration configuration)
    {
        var rank = (order.Kind, trigger) switch
        {
            (RunKind.Restore or RunKind.Rollback, _) => Restoring, // Somebody's service stands still.
            (_, not RunOrigin.Schedule) => Asked, // Somebody waits for it.
            (RunKind.Backup, _) => ScheduledBackup,
            _ => 0,
        };
        return rank + (order.JobName is { } job && configuration.Jobs.TryGetValue(job, out var settings) ? settings.Priority : 0);
    }
}
