namespace Larder.Sources.MySql.Restore;

/// <summary>The statements of one exchange and of the way back. Both go on from any phase.</summary>
internal sealed class PlaceExchange(IReadOnlyList<ExchangePlace> places, ServerSession session, ExchangeMark mark)
{
    private static readonly IReadOnlySet<string> None = new HashSet<string>();

    private readonly TableMoves moves = new(places, session);
    private readonly IReadOnlyList<LiveExtras> extras = [.. places.Select(place => new LiveExtras(place, session))];

    public async Task PutLiveAsync(ExchangePhase phase)
    {
        if (phase == ExchangePhase.Whole)
        {
            await RefuseChangedAsync();
            foreach (var place in places.Where(place => !place.IsNew))
            {
                await CreateAsync(place.Old);
            }
            var standing = await CaptureAsync();
            await mark.KeepAsync(phase, ScriptSide.Old, standing);
            if (await IsRenameEnoughAsync(standing, await mark.ReadScriptsAsync(phase, ScriptSide.New)))
            {
                await RenameAsync(await moves.ThereAsync(), phase, ExchangePhase.Exchanged);
                return;
            }
            await mark.SetAsync(phase, phase = ExchangePhase.Leaving);
        }
        if (phase == ExchangePhase.Leaving)
        {
            foreach (var place in places.Where(place => place.IsNew))
            {
                await CreateAsync(place.Database);
            }
            await DropExtrasAsync(spares: true);
            await RenameAsync(await moves.ThereAsync(), phase, phase = ExchangePhase.Coming);
        }
        if (phase == ExchangePhase.Coming)
        {
            await DropExtrasAsync(spares: false);
            var scripts = await mark.ReadScriptsAsync(phase, ScriptSide.New);
            await MakeAsync(scripts, ExtraPart.Tables, ExtraPart.BeforeViews, ExtraPart.Views);
            await mark.SetAsync(phase, ExchangePhase.Exchanged);
        }
    }

    public async Task PutBackAsync(ExchangePhase phase)
    {
        if (phase == ExchangePhase.Exchanged)
        {
            await RefuseLostAsync();
            foreach (var place in places)
            {
                await CreateAsync(place.Beside);
                await CreateAsync(place.Database); // Somebody may have dropped it by hand.
            }
            var made = await CaptureAsync();
            await mark.KeepAsync(phase, ScriptSide.New, made);
            if (await IsRenameEnoughAsync(made, await mark.ReadScriptsAsync(phase, ScriptSide.Old)))
            {
                await RenameAsync(await moves.BackAsync(), phase, ExchangePhase.Whole);
                return;
            }
            await mark.SetAsync(phase, phase = ExchangePhase.Coming);
        }
        if (phase == ExchangePhase.Coming)
        {
            await DropExtrasAsync(spares: false);
            await MakeBrokenViewsAsync(await mark.ReadScriptsAsync(phase, ScriptSide.Old));
            await RenameAsync(await moves.BackAsync(), phase, phase = ExchangePhase.Leaving);
        }
        if (phase == ExchangePhase.Leaving)
        {
            await DropExtrasAsync(spares: true);
            await MakeAsync(
                await mark.ReadScriptsAsync(phase, ScriptSide.Old), ExtraPart.Tables, ExtraPart.BeforeViews, ExtraPart.Views);
            await DropNewDatabasesAsync();
            await mark.SetAsync(phase, ExchangePhase.Whole);
        }
    }

    /// <summary>Where there is none of the name.</summary>
    private async Task CreateAsync(string database)
    {
        if (!await new LiveDatabase(session.QueryAsync, database).IsThereAsync(CancellationToken.None))
        {
            await session.RunAsync($"CREATE DATABASE {SqlText.Quote(database)}");
        }
    }

    private async Task<ExtraScripts> CaptureAsync()
    {
        var scripts = new ExtraScripts();
        for (var i = 0; i < places.Count; i++)
        {
            await extras[i].CaptureAsync(scripts, i);
        }
        return scripts;
    }

    private async Task MakeAsync(ExtraScripts scripts, params IEnumerable<ExtraPart> parts)
    {
        foreach (var part in parts)
        {
            for (var i = 0; i < places.Count; i++)
            {
                await extras[i].MakeAsync(scripts, i, part);
            }
        }
    }

    /// <param name="spares">
    /// Whether views stay that cannot be read: they could not be made again before what they look at is there.
    /// </param>
    private async Task DropExtrasAsync(bool spares)
    {
        for (var i = 0; i < places.Count; i++)
        {
            var spared = None;
            if (spares)
            {
                var coming = await moves.ReadAsync(places[i], places[i].Beside);
                var broken = await extras[i].FindBrokenAsync();
                spared = broken.Except(coming, StringComparer.OrdinalIgnoreCase).ToHashSet(StringComparer.Ordinal);
            }
            await extras[i].DropAsync(spared);
        }
    }

    /// <summary>
    /// While what was restored is live, they find again what they look at, if the backup has it; otherwise they are lost.
    /// </summary>
    private async Task MakeBrokenViewsAsync(ExtraScripts scripts)
    {
        for (var i = 0; i < places.Count; i++)
        {
            await extras[i].TryMakeBrokenViewsAsync(scripts[i, ExtraPart.BrokenViews]);
        }
    }

    /// <summary>The tables and the mark, all of them or none.</summary>
    private async Task RenameAsync(IReadOnlyList<string> renamed, ExchangePhase from, ExchangePhase to)
    {
        // With the checks off, the server would not let foreign keys follow their tables.
        await session.QueryAsync("SET foreign_key_checks=1;", CancellationToken.None);
        await session.RunAsync($"RENAME TABLE {string.Join(", ", renamed.Append(mark.Move(from, to)))}");
        await session.QueryAsync("SET foreign_key_checks=0;", CancellationToken.None);
    }

    /// <summary>Whether there is nothing but tables on both sides, so that readers see the one or the other at every moment.</summary>
    private async Task<bool> IsRenameEnoughAsync(ExtraScripts standing, ExtraScripts coming)
    {
        for (var i = 0; i < places.Count; i++)
        {
            var number = i;
            if (places[i].IsNew || await extras[i].AnyAsync()
                || !standing[i, ExtraPart.Tables].AsSpan().SequenceEqual(coming[i, ExtraPart.Tables])
                || Enum.GetValues<ExtraPart>().Any(part => part != ExtraPart.Tables && coming[number, part].Length > 0))
            {
                return false;
            }
        }
        return true;
    }

    private async Task RefuseChangedAsync()
    {
        foreach (var place in places)
        {
            var isThere = await new LiveDatabase(session.QueryAsync, place.Database).IsThereAsync(CancellationToken.None);
            var live = isThere ? await moves.ReadAsync(place, place.Database) : [];
            var beside = await moves.ReadAsync(place, place.Beside);
            if (place.IsNew && isThere)
            {
                throw Newcomer($"The database {place.Database}");
            }
            if (!place.IsNew && !isThere)
            {
                throw Gone($"The database {place.Database}");
            }
            foreach (var (table, standsThere) in place.Tables ?? [])
            {
                var name = $"The table {place.Database}.{table}";
                if (live.Contains(table) != standsThere)
                {
                    throw standsThere ? Gone(name) : Newcomer(name);
                }
                if (!beside.Contains(table))
                {
                    throw new SourceException(
                        SourceError.TargetFailed, $"{name} was restored beside, and is gone from {place.Beside}. Plan the restore again.");
                }
            }
        }

        static SourceException Newcomer(string what) => new(
            SourceError.TargetExists, $"{what} was to be new, and there is one of that name now. Plan the restore again.");

        static SourceException Gone(string what) => new(
            SourceError.TargetFailed, $"{what}, which was to be replaced, is gone. Plan the restore again.");
    }

    private async Task RefuseLostAsync()
    {
        foreach (var place in places.Where(place => !place.IsNew))
        {
            var old = await moves.ReadAsync(place, place.Old);
            var isLost = place.Tables is { } tables
                ? tables.Any(table => table.StandsThere && !old.Contains(table.Name))
                : !await new LiveDatabase(session.QueryAsync, place.Old).IsThereAsync(CancellationToken.None);
            if (isLost)
            {
                throw new SourceException(
                    SourceError.TargetFailed,
                    $"What stood in {place.Database} before the restore is not in {place.Old} any more and cannot be put back. What is "
                    + "live stays.");
            }
        }
    }

    private async Task DropNewDatabasesAsync()
    {
        foreach (var place in places.Where(place => place.IsNew))
        {
            var live = new LiveDatabase(session.QueryAsync, place.Database);
            if (await live.IsThereAsync(CancellationToken.None) && (await live.ReadObjectsAsync(CancellationToken.None)).Count == 0)
            {
                await session.RunAsync($"DROP DATABASE {SqlText.Quote(place.Database)}");
            }
        }
    }
}
