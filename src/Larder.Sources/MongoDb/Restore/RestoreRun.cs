using System.Collections.Concurrent;
using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>One execution of a restore.</summary>
internal sealed class RestoreRun(
    IStoredDump dump,
    RestoreTarget target,
    RestoreConnection connection,
    DumpRestoreRequest request,
    RestoreWork work,
    Action<long> advance)
{
    private static readonly TimeSpan CleaningMax = TimeSpan.FromSeconds(30);

    private readonly TemporaryNames names = new();
    private readonly ConcurrentQueue<SourceWarning> warnings = [];
    private readonly List<StagedCollection> staged = [];
    private readonly List<RestoreItem> views =
        request.Part == DumpPart.Data ? [] : [.. work.Items.Where(item => item.Dumped.Kind == DumpKind.View)];

    public async Task<DumpRestoreOutcome> ExecuteAsync(CancellationToken cancellationToken)
    {
        await RemoveLeftoversAsync(cancellationToken);
        var accounts = new AccountRestore(dump, connection, names, work, request.MayReplace);
        try
        {
            await StageAsync(cancellationToken);
            await LoadAsync(cancellationToken);
            await ReplayAsync(cancellationToken);
            await FinishAsync(cancellationToken);
            await accounts.LoadAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();

            // From here on nothing is cancelled. Accounts first: of the two they are what a server may still refuse.
            await accounts.MergeAsync();
            await new CollectionSwap(connection).ExecuteAsync([.. staged.Where(collection => !collection.IsDropped)], views);
        }
        catch
        {
            await CleanAsync(accounts);
            throw;
        }
        foreach (var dropped in staged.Where(collection => collection.IsDropped))
        {
            await CollectionSwap.DropAsync(connection, dropped.Database, dropped.TemporaryName, CancellationToken.None);
        }
        await accounts.CleanAsync(connection, CancellationToken.None);
        return new DumpRestoreOutcome { Entries = Entries(), Warnings = [.. warnings] };
    }

    private async Task RemoveLeftoversAsync(CancellationToken cancellationToken)
    {
        foreach (var leftover in work.Leftovers)
        {
            await CollectionSwap.DropAsync(connection, leftover.Database, leftover.Name, cancellationToken);
        }
    }

    // Restoring documents alone keeps the definition that stands on the server.
    private async Task StageAsync(CancellationToken cancellationToken)
    {
        foreach (var item in work.Items.Where(item => item.Dumped.Kind != DumpKind.View))
        {
            var kept = request.Part == DumpPart.Data ? item.Standing : null;
            staged.Add(new StagedCollection(item, names.Next())
            {
                Options = kept?.Options ?? item.Dumped.Options,
                Indexes = kept is not null
                    ? await ServerLook.ListIndexesAsync(connection, item.TargetDatabase, item.TargetName, cancellationToken)
                    : [.. item.Dumped.Indexes],
            });
        }
    }

    private Task LoadAsync(CancellationToken cancellationToken)
    {
        if (request.Part == DumpPart.Schema)
        {
            return ForEachAsync(staged, (collection, own, token) => collection.CreateAsync(own, token), cancellationToken);
        }
        var loader = new CollectionLoader(dump, target, advance, warnings.Enqueue);
        // The largest first, so that none of them is left alone at the end.
        return ForEachAsync(
            staged.OrderByDescending(collection => collection.Item.Dumped.Documents?.Bytes ?? 0),
            (collection, own, token) => loader.LoadAsync(collection, own, token),
            cancellationToken);
    }

    private async Task ReplayAsync(CancellationToken cancellationToken)
    {
        if (work.Oplog is { } oplog)
        {
            var replay = new OplogReplay(dump, connection, names, work, staged, views, request.MayReplace, advance);
            await replay.ExecuteAsync(oplog, cancellationToken);
        }
    }

    private Task FinishAsync(CancellationToken cancellationToken) => ForEachAsync(
        staged.Where(collection => !collection.IsDropped),
        (collection, own, token) => collection.FinishAsync(own, token),
        cancellationToken);

    private async Task ForEachAsync(
        IEnumerable<StagedCollection> collections,
        Func<StagedCollection, RestoreConnection, CancellationToken, Task> act,
        CancellationToken cancellationToken)
    {
        using var failing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = new ConcurrentQueue<StagedCollection>(collections);
        var workers = Enumerable.Range(0, Math.Clamp(request.Jobs, 1, Math.Max(1, waiting.Count))).Select(_ => WorkAsync()).ToList();
        await Task.WhenAll(workers);

        async Task WorkAsync()
        {
            await using var own = await target.ConnectAsync(cancellationToken);
            while (!failing.IsCancellationRequested && waiting.TryDequeue(out var collection))
            {
                try
                {
                    await act(collection, own, failing.Token);
                }
                catch
                {
                    await failing.CancelAsync(); // What the others do is in vain.
                    throw;
                }
            }
        }
    }

    private List<EntryFacts> Entries() =>
        [.. staged.Where(collection => !collection.IsDropped).Select(collection => collection.Facts).OfType<EntryFacts>()];

    // On a connection of its own, for that of the restore may be what failed. What cannot be removed now is removed by the next restore.
    private async Task CleanAsync(AccountRestore accounts)
    {
        using var limit = new CancellationTokenSource(CleaningMax);
        try
        {
            await using var own = await target.ConnectAsync(limit.Token);
            foreach (var collection in staged)
            {
                await CollectionSwap.DropAsync(own, collection.Database, collection.TemporaryName, limit.Token);
            }
            await accounts.CleanAsync(own, limit.Token);
        }
        catch (Exception error) when (error is SourceException or OperationCanceledException)
        {
            // The failure that led here is the one to be told.
        }
    }
}
