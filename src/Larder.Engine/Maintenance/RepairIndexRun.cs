using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Maintenance;

namespace Larder.Engine.Maintenance;

/// <summary>Writes the index anew from the packs, under an exclusive lock: the cure for index files that are damaged or lost.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Null for all repositories.</param>
/// <param name="progress">Told which repository is at work.</param>
public sealed class RepairIndexRun(EngineContext context, string? repository, RunProgress progress)
{
    public Task<RepairIndexReport> ExecuteAsync(CancellationToken cancellationToken) =>
        JournaledRun.ExecuteAsync(context, RunKind.Repair, null, journal => RepairAsync(journal, cancellationToken));

    private async Task<(RepairIndexReport Made, RunResult Result)> RepairAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        var repaired = new List<RepairedIndex>();
        foreach (var name in repository is null ? context.Repositories.Names.ToList() : [repository])
        {
            progress.Begin($"rebuilding the index of {name}", 0);
            var open = await context.Repositories.OpenAsync(name, cancellationToken);
            await using var heldLock = await RepositoryLock.AcquireAsync(open, LockMode.Exclusive, cancellationToken);
            var rebuild = await IndexRebuilder.ExecuteAsync(open, heldLock, cancellationToken);
            repaired.Add(new RepairedIndex(name, rebuild.Packs, [.. rebuild.UnreadablePacks.Select(pack => pack.ToString())]));
            journal.Append(EventLevel.Info, $"The index of \"{name}\" was written anew from {rebuild.Packs} packs.");
        }
        var report = new RepairIndexReport { Repositories = repaired };
        return (report, ResultOf(report));
    }

    private static RunResult ResultOf(RepairIndexReport report)
    {
        if (report.Repositories.FirstOrDefault(one => one.UnreadablePacks.Count > 0) is not { } damaged)
        {
            return RunResult.Success;
        }
        var packs = report.Repositories.SelectMany(one => one.UnreadablePacks).ToList();
        var error = new LarderException(
            EngineError.VerificationFoundDamage,
            $"{packs.Count} packs cannot be read and are in no index, such as {packs[0]} of \"{damaged.Repository}\".")
        {
            Context = new ErrorContext { Repository = damaged.Repository },
        };
        return new RunResult { Status = RunStatus.Partial, ExitStatus = ExitStatus.Damage, Error = ErrorTable.Describe(error) };
    }
}
