using System.Collections.Concurrent;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>One execution of a restore.</summary>
internal sealed class RestoreRun(
    IStoredDump dump,
    RestoreTarget target,
    RestoreConnection connection,
    DumpRestorePlan plan,
    RestoreWork work,
    Action<long> advance)
{
    private static readonly TimeSpan CleaningMax = TimeSpan.FromSeconds(30);

    private readonly DumpRestoreRequest request = plan.Request;
    private readonly ConcurrentQueue<SourceWarning> warnings = [];
    private readonly List<StagedCollection> staged = [];
    private readonly List<RestoreItem> views =
        plan.Request.Part == DumpPart.Data ? [] : [.. work.Items.Where(item => item.Dumped.Kind == DumpKind.View)];

    /// <summary>What it has begun beside when it fails is left to <see cref="MongoDbExchange.ForgetAsync"/>.</summary>
    public async Task<DumpRestoreOutcome> ExecuteAsync(CancellationToken cancellationToken)
    {
        await StageAsync(cancellationToken);
        await LoadAsync(cancellationToken);
        await ReplayAsync(cancellationToken);
        await FinishAsync(cancellationToken);
        await DropDroppedAsync(cancellationToken);
        await CreateViewsAsync(cancellationToken);
        await RestoreAccountsAsync(cancellationToken);
        if (plan.Exchange is { } exchange)
        {
            await WholenessMark.WriteAsync(connection, MongoDbExchange.MarkOf(exchange), Parts(), cancellationToken);
        }
        return new DumpRestoreOutcome { Entries = Entries(), Warnings = [.. warnings] };
    }

    // Restoring documents alone keeps the definition that stands on the server.
    private async Task StageAsync(CancellationToken cancellationToken)
    {
        foreach (var item in work.Items.Where(item => item.Dumped.Kind != DumpKind.View))
        {
            var kept = request.Part == DumpPart.Data ? item.Standing : null;
            staged.Add(new StagedCollection(item, request.Overwrites)
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
        var loader = new CollectionLoader(dump, target, request.ReadsBack, advance, warnings.Enqueue);
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
            var replay = new OplogReplay(dump, connection, work, staged, views, request, advance);
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

    // What the oplog says was dropped while the dump was taken.
    private async Task DropDroppedAsync(CancellationToken cancellationToken)
    {
        foreach (var dropped in staged.Where(collection => collection.IsDropped))
        {
            await connection.DropAsync(dropped.Written, cancellationToken);
        }
    }

    private async Task CreateViewsAsync(CancellationToken cancellationToken)
    {
        if (request.Overwrites)
        {
            // All old ones first: old and new ones together could look at each other in a circle, which the server refuses.
            foreach (var view in views.Where(view => view.Standing is not null))
            {
                await connection.DropAsync(view.Target, cancellationToken);
            }
        }
        foreach (var view in views)
        {
            var name = request.Overwrites ? view.Target : view.Beside;
            await connection.CreateAsync(
                name, view.Dumped.Options, $"could not create the view {view.FullTarget}", cancellationToken);
        }
    }

    // The server takes them over at once, and they are not undone: so they come last.
    private async Task RestoreAccountsAsync(CancellationToken cancellationToken)
    {
        if (work.Users.Count + work.Roles.Count == 0)
        {
            return;
        }
        var accounts = new AccountRestore(dump, connection, work, request.MayReplace);
        try
        {
            await accounts.LoadAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await accounts.MergeAsync();
        }
        finally
        {
            await CleanAsync(accounts);
        }
    }

    private IEnumerable<ExchangePart> Parts() =>
        staged.Where(collection => !collection.IsDropped).Select(collection => collection.Item.ToPart())
            .Concat(views.Select(view => view.ToPart()));

    private List<EntryFacts> Entries() =>
        [.. staged.Where(collection => !collection.IsDropped).Select(collection => collection.Facts).OfType<EntryFacts>()];

    // On a connection of its own, for that of the restore may be what failed. They hold hashes of passwords.
    private async Task CleanAsync(AccountRestore accounts)
    {
        using var limit = new CancellationTokenSource(CleaningMax);
        try
        {
            await using var own = await target.ConnectAsync(limit.Token);
            await accounts.CleanAsync(own, limit.Token);
        }
        catch (Exception error) when (error is SourceException or OperationCanceledException)
        {
            return; // A failure that led here is the one to be told.
        }
    }
}
