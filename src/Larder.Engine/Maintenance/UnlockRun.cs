using Larder.Repository;

namespace Larder.Engine.Maintenance;

/// <summary>Removes locks that were left behind, or all.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Null for all repositories.</param>
/// <param name="all">Also locks of processes that may be alive: only where somebody knows that they are not.</param>
public sealed class UnlockRun(EngineContext context, string? repository, bool all)
{
    public async Task<UnlockReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        var unlocked = new List<UnlockedRepository>();
        foreach (var name in repository is null ? context.Repositories.Names.ToList() : [repository])
        {
            var open = await context.Repositories.OpenAsync(name, cancellationToken);
            unlocked.Add(new UnlockedRepository(name, await RepositoryLock.RemoveAsync(open, all, cancellationToken)));
        }
        return new UnlockReport { Repositories = unlocked };
    }
}
