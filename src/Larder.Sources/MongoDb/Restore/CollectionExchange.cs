using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>The commands of one exchange or of the way back, over one connection. It goes on from wherever somebody was ended.</summary>
/// <param name="connection">To the server.</param>
/// <param name="parts">In the order of the exchange.</param>
/// <param name="standing">What stands in their databases.</param>
/// <param name="afterCall">Told of each command that has changed something.</param>
internal sealed class CollectionExchange(
    RestoreConnection connection, IReadOnlyList<PartNames> parts, StandingNames standing, Action<string>? afterCall)
{
    // Somebody who writes without pause could be there again each time.
    private const int MeanwhileMax = 10;

    private readonly CollectionMoves moves = new(connection, standing, afterCall);

    public ExchangeState Look()
    {
        var states = parts.Select(part => part.Look(standing)).Where(state => state != ExchangeState.Untouched).Distinct().ToList();
        return states switch
        {
            [] => ExchangeState.Untouched,
            [var all] => all,
            _ => ExchangeState.Between,
        };
    }

    public async Task PutLiveAsync()
    {
        await MendAsync();
        foreach (var part in parts.Where(part => part.Look(standing) == ExchangeState.Beside))
        {
            RefuseChanged(part);
        }
        await PutAsync(
            [.. parts.Where(part => part.Look(standing) is ExchangeState.Beside or ExchangeState.Between)
                .Select(part => new Step(part.Live, part.Beside, part.Old))]);
    }

    /// <summary>What can be put back is, also where some of it is gone, and then this fails.</summary>
    public async Task PutBackAsync()
    {
        await MendAsync();
        var exchanged = parts.Reverse().Where(part => part.Look(standing) is ExchangeState.Exchanged or ExchangeState.Between).ToList();
        var lost = parts.Where(part => part.Old is { } old && !standing.Stands(old) && !standing.Stands(part.Beside)).ToList();
        await PutAsync([.. exchanged.Select(part => new Step(part.Live, part.Old, part.Beside))]);

        // Beside those that were put back already it is the restored one that is gone, which nobody needs.
        if (lost.Count > 0 && (exchanged.Count > 0 || lost.Count == parts.Count))
        {
            throw new SourceException(
                SourceError.TargetFailed,
                $"{lost[0].Old}, which stood at {lost[0].Live} before the restore, is gone and cannot be put back. What is live there "
                + "stays.");
        }
    }

    private async Task MendAsync()
    {
        foreach (var name in parts.SelectMany(part => part.All))
        {
            await moves.MendAsync(name);
        }
    }

    /// <summary>
    /// One after another, each with as short a moment without it as can be. Views come last, and all that have to go do so before any is
    /// made: old and new ones together could look at each other in a circle, which the server refuses.
    /// </summary>
    private async Task PutAsync(List<Step> steps)
    {
        var views = steps.Where(step => step.Source is not { } source || standing.IsView(source)).ToList();
        foreach (var step in steps.Except(views))
        {
            await ClearAsync(step);
            await FillAsync(step);
        }
        foreach (var step in views)
        {
            await ClearAsync(step);
        }
        foreach (var step in views)
        {
            await FillAsync(step);
        }
    }

    /// <summary>Takes away what is live.</summary>
    private async Task ClearAsync(Step step)
    {
        if (!standing.Stands(step.Live))
        {
            return;
        }
        if (step.Aside is { } aside && !standing.Stands(aside))
        {
            await moves.MoveAsync(step.Live, aside);
        }
        else if (step.Others.Any(other => standing.AreSameViews(step.Live, other)))
        {
            await moves.DropAsync(step.Live); // Half moved.
        }
        else if (!step.Live.IsFunctions)
        {
            await PutMeanwhileAsideAsync(step);
        }
        if (step.Live.IsFunctions && step.Source is null)
        {
            await moves.DropAsync(step.Live);
        }
    }

    private async Task FillAsync(Step step)
    {
        if (step.Source is not { } source || !standing.Stands(source))
        {
            return;
        }
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await moves.MoveAsync(source, step.Live);
                return;
            }
            catch (SourceException error) when (attempt < MeanwhileMax && RestoreErrors.IsServer(error, MongoErrors.NamespaceExists))
            {
                // Whoever writes to a collection that is not there makes one.
                standing.NoteMade(step.Live, "collection", Bson.Empty);
                await PutMeanwhileAsideAsync(step);
            }
        }
    }

    /// <summary>What came to the live name in the moment when nothing stood there is not lost.</summary>
    private async Task PutMeanwhileAsideAsync(Step step)
    {
        var name = step.Aside ?? throw new SourceException(
            SourceError.TargetExists, $"{step.Live} was to be new, and something stands there now. Plan the restore again.");
        for (var number = 1; ; number++)
        {
            var meanwhile = name with { Name = $"{name.Name}-meanwhile-{number}" };
            if (!standing.Stands(meanwhile))
            {
                await moves.MoveAsync(step.Live, meanwhile);
                return;
            }
        }
    }

    private void RefuseChanged(PartNames part)
    {
        if (part.Old is null && standing.Stands(part.Live))
        {
            throw new SourceException(
                SourceError.TargetExists, $"{part.Live} was to be new, and something stands there now. Plan the restore again.");
        }
        if (part.Old is not null && !standing.Stands(part.Live))
        {
            throw new SourceException(
                SourceError.TargetFailed, $"{part.Live}, which was to be replaced, is gone. Plan the restore again.");
        }
    }

    /// <param name="Live">The name that changes hands.</param>
    /// <param name="Source">Who gets it; null for nobody.</param>
    /// <param name="Aside">What the one is called then that has it; null where nobody has it.</param>
    private sealed record Step(FullName Live, FullName? Source, FullName? Aside)
    {
        public IEnumerable<FullName> Others => new[] { Source, Aside }.OfType<FullName>();
    }
}
