using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources.MongoDb.Purge;

namespace Larder.Engine.Sync;

/// <summary>
/// Empties collections of what a backup holds, on each side: documents are read out of the repository, checked as in a restore, and
/// deleted where they are unchanged. A side that fails does not keep the other from being purged.
/// </summary>
internal sealed class JobPurge(EngineContext context, JobSettings job, PurgePlan plan, RunJournal journal, RunProgress progress)
{
    private readonly List<PurgedCollection> done = [];
    private readonly List<string> failures = [];

    /// <summary>What was deleted; where something was not, <see cref="Failures"/> says so.</summary>
    public IReadOnlyList<PurgedCollection> Done => done;

    /// <summary>Whole sentences.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>Fails with nothing but a cancellation; then <see cref="Done"/> is what was deleted until then.</summary>
    public async Task ExecuteAsync(Backup backup, CancellationToken cancellationToken)
    {
        progress.Begin("purge", 0);
        try
        {
            LocalPrimary.EnsureNotElsewhere(context.Configuration);
            var sides = await SyncSides.ReadAsync(job, plan.Source, cancellationToken);
            var open = await context.Library.OpenAsync(backup, cancellationToken);
            var dump = await StoredSourceDump.ListAsync(open.Trees, open.Blobs, open.TreeOf(plan.Source), cancellationToken);
            var found = await MongoDbPurge.FindAsync(dump, [.. plan.Collections], cancellationToken);
            foreach (var name in plan.Collections.Where(name => found.All(one => one.Name != name && one.FullName != name)))
            {
                journal.Append(EventLevel.Info, $"Purge of {name}: the backup has no collection of this name.");
            }
            await PurgeSideAsync(PurgePlan.LocalSide, sides.LocalUrl, found, name => name, dump, cancellationToken);
            if (sides.RemoteUrl is { } remote)
            {
                await PurgeSideAsync(PurgePlan.RemoteSide, remote, found, sides.RemoteNameOf, dump, cancellationToken);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Fail($"Nothing more was purged: {ErrorTable.Describe(e).Message}");
        }
    }

    private async Task PurgeSideAsync(
        string side,
        string url,
        IReadOnlyList<DumpedCollection> collections,
        Func<string, string?> nameOf,
        StoredSourceDump dump,
        CancellationToken cancellationToken)
    {
        try
        {
            await using var purge = await MongoDbPurge.ConnectAsync(url, cancellationToken);
            foreach (var collection in collections)
            {
                if (nameOf(collection.Database) is { } database)
                {
                    await PurgeOneAsync(purge, side, collection, database, dump, cancellationToken);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Fail($"The {side} side was not purged whole: {ErrorTable.Describe(e).Message}");
        }
    }

    private async Task PurgeOneAsync(
        MongoDbPurge purge,
        string side,
        DumpedCollection collection,
        string database,
        StoredSourceDump dump,
        CancellationToken cancellationToken)
    {
        var count = new PurgeCount();
        try
        {
            await purge.PurgeAsync(dump, collection, database, count, cancellationToken);
        }
        finally
        {
            // What was deleted is told, however it ended.
            done.Add(new PurgedCollection(collection.FullName, side, count.Deleted, count.Kept));
            var kept = count.Kept is { } left ? $"{left} kept, which came or changed since" : "it was not done to its end";
            journal.Append(
                EventLevel.Info, $"Purge of {collection.FullName} on the {side} side: {count.Deleted} documents deleted; {kept}.");
        }
    }

    private void Fail(string message) => failures.Add(message);
}
