using Larder.Engine.Catalog;
using Larder.Engine.Configuration;

namespace Larder.Daemon;

/// <summary>Which runs do not go side by side.</summary>
internal static class Collision
{
    /// <summary>
    /// Of one job only one at a time; and a cleanup or a repair has its repositories for itself, so that nobody waits for its lock.
    /// </summary>
    public static bool Is(RunOrder one, RunOrder other, LarderConfiguration configuration)
    {
        if (one.JobName is { } job && job == other.JobName)
        {
            return true;
        }
        return (LocksOut(one) || LocksOut(other))
            && RepositoriesOf(one, configuration).Intersect(RepositoriesOf(other, configuration)).Any();
    }

    private static bool LocksOut(RunOrder order) => order.Kind is RunKind.Cleanup or RunKind.Repair;

    private static IEnumerable<string> RepositoriesOf(RunOrder order, LarderConfiguration configuration) =>
        order.JobName is { } job && configuration.Jobs.TryGetValue(job, out var settings) ? settings.To : configuration.Repositories.Keys;
}
