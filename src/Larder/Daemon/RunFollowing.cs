using System.Runtime.CompilerServices;
using Larder.Engine.Catalog;

namespace Larder.Daemon;

/// <summary>What happens in a run, read from queue and catalog again and again: so it also shows runs of other processes.</summary>
internal static class RunFollowing
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>As <see cref="RunQueue.FollowAsync"/> has it.</summary>
    public static async IAsyncEnumerable<RunNews> FollowAsync(
        RunQueue queue,
        CatalogDatabase catalog,
        TimeProvider clock,
        string runId,
        long after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ProgressNews? said = null;
        while (true)
        {
            // Looked up before the events are read, so that none is missed that was written before the end.
            var entry = queue.Find(runId);
            var run = catalog.FindRun(runId);
            foreach (var one in catalog.Events(runId, after))
            {
                after = one.Number;
                yield return new RunNews { Event = one };
            }
            if (entry is null && run is not { Status: RunStatus.InProgress })
            {
                if (run is not null)
                {
                    yield return new RunNews { End = run };
                }
                yield break;
            }
            if (entry?.Progress is { } progress
                && new ProgressNews(progress.Phase, progress.DoneBytes, progress.TotalBytes) is var now && now != said)
            {
                said = now;
                yield return new RunNews { Progress = now };
            }
            await Task.Delay(Interval, clock, cancellationToken);
        }
    }
}
