namespace Larder.Sources.MySql;

/// <summary>
/// Restores databases together, for their views and routines may look into each other: all tables are in place before the first view is
/// made, and where one database fails, all of them are put back. So what stands and what comes need space beside each other.
/// </summary>
internal sealed class StagedRestores(IReadOnlyList<StagedRestore> databases)
{
    public async Task<IReadOnlyList<EntryFacts>> RestoreAsync(CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        try
        {
            foreach (var database in databases)
            {
                entries.AddRange(await database.LoadBesideAsync(cancellationToken));
            }
            foreach (var database in databases)
            {
                await database.RehearseAsync(cancellationToken);
            }
            await PutInPlaceAsync(cancellationToken);
        }
        finally
        {
            foreach (var database in databases)
            {
                await database.DropBesideAsync(); // Empty where all went well.
            }
        }
        return entries;
    }

    private async Task PutInPlaceAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var database in databases)
            {
                await database.PrepareSwapAsync(cancellationToken);
            }
            // From here on nothing is given up half done: it is finished, or undone.
            foreach (var step in (Func<StagedRestore, Task>[])
                [
                    database => database.SwapAsync(),
                    database => database.FinishTablesAsync(),
                    database => database.MakeAsync(AfterPart.BeforeViews),
                    database => database.MakeAsync(AfterPart.Views),
                ])
            {
                foreach (var database in databases)
                {
                    await step(database);
                }
            }
        }
        catch
        {
            await UndoAsync();
            throw;
        }
        foreach (var database in databases)
        {
            await database.DropOldAsync();
        }
    }

    /// <summary>Everything as it was. Where the server refuses that, the others are put back, and this says where the tables are.</summary>
    private async Task UndoAsync()
    {
        var lost = new Dictionary<StagedRestore, SourceException>();
        foreach (var step in (Func<StagedRestore, Task>[])
            [
                database => database.SwapBackAsync(),
                database => database.MakeAgainAsync(AfterPart.BeforeViews),
                database => database.MakeAgainAsync(AfterPart.Views),
                database => database.DropOldAsync(),
                database => database.DropIfNewAsync(),
            ])
        {
            foreach (var database in databases.Where(database => !lost.ContainsKey(database)))
            {
                try
                {
                    await step(database);
                }
                catch (SourceException error)
                {
                    lost.Add(database, error);
                }
            }
        }
        if (lost.Count > 0)
        {
            throw new SourceException(
                SourceError.TargetFailed,
                "The restore failed, and not all that stood could be put back by itself: "
                + $"{string.Join(", and ", lost.Keys.Select(database => database.WhereTheOldStands))}. {lost.Values.First().Message}",
                lost.Values.First());
        }
    }
}
