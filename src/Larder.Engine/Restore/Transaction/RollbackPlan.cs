using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Restore.Transaction;

/// <summary>What a rollback will put back, computed without side effects.</summary>
public sealed record RollbackPlan
{
    /// <summary>The restore that is undone.</summary>
    public required string RunId { get; init; }

    /// <summary>What it had restored.</summary>
    public required string BackupId { get; init; }

    public string ShortId => BackupId[..8];

    public string? Job { get; init; }

    public required DateTimeOffset RestoredAt { get; init; }

    /// <summary>Until then what it replaced is kept.</summary>
    public required DateTimeOffset KeptUntil { get; init; }

    public required IReadOnlyList<RollbackLine> Lines { get; init; }

    // Not required: a serializer that leaves a property out refuses one that must be there.
    [JsonIgnore]
    public EngineContext Context { get; init; } = null!;

    /// <summary>
    /// Fails with <see cref="EngineError.UnknownRun"/>, and with <see cref="EngineError.NothingToRollBack"/> where that restore cannot be
    /// undone (any more, or yet).
    /// </summary>
    /// <param name="context">What every run needs.</param>
    /// <param name="run">The beginning of the restore's run id; null for the last restore.</param>
    public static RollbackPlan Compute(EngineContext context, string? run)
    {
        var all = new RestoreFolder(context.Configuration.StateDirectory).ReadAll();
        var restore = Choose(all, run);
        if (restore.End != RestoreEnd.Finished)
        {
            throw new LarderException(EngineError.NothingToRollBack, restore.End switch
            {
                RestoreEnd.RolledBack => $"Restore {restore.Record.RunId} was rolled back already.",
                RestoreEnd.Undone => $"Restore {restore.Record.RunId} failed and was undone at once; what stood before it is live.",
                _ => $"Restore {restore.Record.RunId} has not ended; if its process was killed, \"larder restore --resume\" sees to it.",
            });
        }
        var targets = restore.Record.Parts.Select(part => part.Target).ToHashSet(StringComparer.Ordinal);
        var later = all.TakeWhile(other => other.Record.RunId != restore.Record.RunId)
            .FirstOrDefault(other => other.End == RestoreEnd.Finished && other.Record.Parts.Any(part => targets.Contains(part.Target)));
        return later is not null
            ? throw new LarderException(
                EngineError.NothingToRollBack,
                $"Restore {later.Record.RunId} wrote to the same place later; roll that one back first.")
            : Describe(context, restore);
    }

    private static JournaledRestore Choose(IReadOnlyList<JournaledRestore> all, string? run)
    {
        if (run is null)
        {
            return all.FirstOrDefault(restore => restore.End == RestoreEnd.Finished)
                ?? throw new LarderException(EngineError.NothingToRollBack, "There is no restore whose replaced data is kept.");
        }
        var found = all.Where(restore => restore.Record.RunId.StartsWith(run, StringComparison.OrdinalIgnoreCase)).ToList();
        return found switch
        {
            [var only] => only,
            [] => throw new LarderException(
                EngineError.UnknownRun, $"No restore whose replaced data is kept has an id that begins with \"{run}\"."),
            _ => throw new LarderException(
                EngineError.UnknownRun,
                $"\"{run}\" fits {found.Count} restores: {string.Join(", ", found.Select(one => one.Record.RunId))}."),
        };
    }

    private static RollbackPlan Describe(EngineContext context, JournaledRestore restore) => new()
    {
        RunId = restore.Record.RunId,
        BackupId = restore.Record.BackupId,
        Job = restore.Record.Job,
        RestoredAt = restore.Record.StartedAt,
        KeptUntil = restore.LastAt + restore.Record.KeepSafety,
        Lines =
        [
            .. restore.Record.Parts.Select(part => new RollbackLine(
                part.Source,
                part.Engine,
                part.Target,
                part.IsNested ? "with_folder"
                    : part.Exchange is not null ? "exchange"
                    : restore.SafetyBackup is not null ? "safety_backup"
                    : "nothing",
                [.. (part.Exchange?.Parts ?? []).Select(one => one.Old).OfType<string>()])),
        ],
        Context = context,
    };
}

/// <param name="Source">Its name.</param>
/// <param name="Engine"><c>postgresql</c>, <c>files</c>, …</param>
/// <param name="Target">Where it was restored to.</param>
/// <param name="Way"><c>exchange</c>: what was replaced is kept and takes its place again; <c>with_folder</c>: it lies in a folder of the
/// same restore and comes back with that; <c>safety_backup</c>: it is written back from
/// the backup that was made before; <c>nothing</c>: nothing had stood there that could be put back.</param>
/// <param name="Kept">Under which names it is kept.</param>
public sealed record RollbackLine(string Source, string Engine, string Target, string Way, IReadOnlyList<string> Kept);
