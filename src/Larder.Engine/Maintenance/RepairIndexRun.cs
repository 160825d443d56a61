using Larder.Repository;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Maintenance;

/// <summary>Writes the index anew from the packs, under an exclusive lock: the cure for index files that are damaged or lost.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Null for all repositories.</param>
/// <param name="progress">Told which repository is at work.</param>
public sealed class RepairIndexRun(EngineContext context, string? repository, RunProgress progress)
{
    public async Task<RepairIndexReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        var repaired = new List<RepairedIndex>();
        foreach (var name in repository is null ? context.Repositories.Names.ToList() : [repository])
        {
            progress.Begin($"rebuilding the index of {name}", 0);
            var open = await context.Repositories.OpenAsync(name, cancellationToken);
            await using var heldLock = await RepositoryLock.AcquireAsync(open, LockMode.Exclusive, cancellationToken);
            var rebuild = await IndexRebuilder.ExecuteAsync(open, heldLock, cancellationToken);
            repaired.Add(new RepairedIndex(name, rebuild.Packs, [.. rebuild.UnreadablePacks.Select(pack => pack.ToString())]));
        }
        return new RepairIndexReport { Repositories = repaired };
    }
}
