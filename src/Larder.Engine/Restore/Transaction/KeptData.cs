namespace Larder.Engine.Restore.Transaction;

/// <summary>What a restore replaced, or what a rolled back one had restored, and how long it is kept.</summary>
/// <param name="RunId">Of the restore.</param>
/// <param name="Job">Null for a snapshot of another program.</param>
/// <param name="Targets">Where it was restored to.</param>
/// <param name="KeptUntil">From then on `cleanup` removes it.</param>
public sealed record KeptData(string RunId, string? Job, IReadOnlyList<string> Targets, DateTimeOffset KeptUntil)
{
    /// <summary>All that is kept, newest first. A restore that has not ended is not among it.</summary>
    public static IReadOnlyList<KeptData> Find(EngineContext context) =>
    [
        .. new RestoreFolder(context.Configuration.StateDirectory).ReadAll().Where(restore => restore.End is not null)
            .Select(restore => new KeptData(
                restore.Record.RunId,
                restore.Record.Job,
                [.. restore.Record.Parts.Select(part => part.Target)],
                restore.LastAt + restore.Record.KeepSafety)),
    ];

    /// <summary>Removes it. Fails where a server cannot be talked to; it can be repeated.</summary>
    /// <returns>False where somebody else works on it.</returns>
    public async Task<bool> ForgetAsync(EngineContext context, CancellationToken cancellationToken)
    {
        var folder = new RestoreFolder(context.Configuration.StateDirectory);
        using var journal = RestoreJournal.TryTake(folder.JournalOf(RunId), context.Clock);
        if (journal is not { Restore.End: { } end })
        {
            return false;
        }
        var exchanges = new ExchangeFactory(context, folder, journal.Record);
        foreach (var part in journal.Record.Parts.Where(part => part.Exchange is not null && end != RestoreEnd.Undone))
        {
            await (await exchanges.MakeAsync(part, cancellationToken)).ForgetAsync(cancellationToken);
        }
        folder.Remove(RunId);
        return true;
    }
}
