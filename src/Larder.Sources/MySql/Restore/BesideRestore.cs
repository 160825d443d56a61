using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// Writes what is restored into databases beside the live ones, and marks it as whole when all of it was compared. Several databases are
/// written step by step together, for their views and routines may look into each other. What it begins is the exchange's to forget.
/// </summary>
internal sealed class BesideRestore(
    IReadOnlyList<RestoreSelection> selections, DumpRestoreRequest request, DumpFeed feed, IReadOnlyList<ExchangePlace> places)
{
    private readonly MySqlClient client = feed.Connection.Client;

    public async Task<IReadOnlyList<EntryFacts>> RunAsync(CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        var loaders = new List<TableLoader>();
        foreach (var (selection, place) in selections.Zip(places))
        {
            await RefuseChangedAsync(place, cancellationToken);
            var loader = new TableLoader(selection, place.Beside, request, feed);
            await loader.CreateDatabaseAsync(cancellationToken);
            entries.AddRange(await loader.LoadAsync(cancellationToken));
            loaders.Add(loader);
        }
        foreach (var (selection, place) in selections.Zip(places))
        {
            await RehearseAsync(selection, place, cancellationToken);
        }
        await MarkWholeAsync(await WriteScriptsAsync(loaders, cancellationToken), cancellationToken);
        return entries;
    }

    /// <summary>The server may have changed since the plan was made.</summary>
    private async Task RefuseChangedAsync(ExchangePlace place, CancellationToken cancellationToken)
    {
        var isThere = await new LiveDatabase(client.QueryAsync, place.Database).IsThereAsync(cancellationToken);
        if (isThere == place.IsNew)
        {
            throw new SourceException(
                SourceError.TargetExists,
                $"The database {place.Database} {(isThere ? "has been made" : "has gone")} since the restore was planned. Plan it again.");
        }
    }

    private async Task RehearseAsync(RestoreSelection selection, ExchangePlace place, CancellationToken cancellationToken)
    {
        var live = places.Select(one => one.Database).ToList();
        var script = new AfterScript(selection, feed);
        foreach (var part in Enum.GetValues<AfterPart>())
        {
            await script.RehearseAsync(part, place.Beside, live, cancellationToken);
        }
        var made = await new LiveDatabase(client.QueryAsync, place.Beside).ReadExtrasAsync(cancellationToken);
        await client.ExecuteAsync(string.Concat(made.Select(extra => $"{extra.DropStatement};\n")), "", cancellationToken);
        if (selection.NewName is { } name)
        {
            var beside = SqlText.Quote(place.Beside);
            await client.ExecuteAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"RENAME TABLE {beside}.{SqlText.Quote(selection.Tables[0])} TO {beside}.{SqlText.Quote(name)};"),
                "",
                cancellationToken);
        }
    }

    private async Task<ExtraScripts> WriteScriptsAsync(List<TableLoader> loaders, CancellationToken cancellationToken)
    {
        var scripts = new ExtraScripts();
        for (var i = 0; i < selections.Count; i++)
        {
            var after = new AfterScript(selections[i], feed);
            scripts[i, ExtraPart.Tables] = await loaders[i].WriteTablesScriptAsync(cancellationToken);
            scripts[i, ExtraPart.BeforeViews] = await after.ReadAsync(AfterPart.BeforeViews, cancellationToken);
            scripts[i, ExtraPart.Views] = await after.ReadAsync(AfterPart.Views, cancellationToken);
        }
        return scripts;
    }

    private async Task MarkWholeAsync(ExtraScripts scripts, CancellationToken cancellationToken)
    {
        await using var session = await ServerSession.OpenAsync(
            feed.Connection, MySqlExchange.LockOf(places), afterCall: null, cancellationToken);
        await new ExchangeMark(session, ExchangeMark.DatabaseOf(places)).MakeAsync(scripts);
    }
}
