namespace Larder.Sources.MongoDb.Sync;

/// <summary>
/// Keeps databases of two MongoDB servers in step, both ways: what one side lacks is copied, what both have goes the way that the field
/// says. Nothing is removed. It may be repeated and interrupted at any moment.
/// </summary>
public sealed class MongoDbSync(MongoDbSyncSettings settings)
{
    /// <summary>
    /// Does it, or with <see cref="MongoDbSyncSettings.IsDryRun"/> counts what it would do. Fails with <see cref="SourceException"/>; what
    /// was done until then stays, and <paramref name="tell"/> has heard of it.
    /// </summary>
    /// <param name="tell">Hears of each collection when it is done, and of the one at which it failed.</param>
    /// <param name="advance">Hears of the bytes of documents that were written.</param>
    /// <param name="cancellationToken">Stops it between two commands, and what the servers are at.</param>
    public async Task<SyncOutcome> ExecuteAsync(
        Action<SyncedCollection> tell, Action<long> advance, CancellationToken cancellationToken)
    {
        await using var local = await SyncSide.OpenAsync("local", settings.LocalUrl, cancellationToken);
        await using var remote = await SyncSide.OpenAsync("remote", settings.RemoteUrl, cancellationToken);
        var (done, leftOut) = (new List<SyncedCollection>(), new List<SourceWarning>());
        foreach (var databases in settings.Databases)
        {
            if (local.Hosts == remote.Hosts && databases.Local == databases.Remote)
            {
                throw new SourceException(
                    SourceError.TargetExists, $"The two sides of the sync are one: the database {databases.Local} at {local.Hosts}.");
            }
            var choice = await SyncChoice.MakeAsync(local, remote, databases, settings.Exclude, cancellationToken);
            leftOut.AddRange(choice.LeftOut);
            foreach (var chosen in choice.Collections)
            {
                done.Add(await SyncOneAsync(local, remote, chosen, tell, advance, cancellationToken));
            }
        }
        return new SyncOutcome(done, leftOut);
    }

    private async Task<SyncedCollection> SyncOneAsync(
        SyncSide local,
        SyncSide remote,
        ChosenCollection chosen,
        Action<SyncedCollection> tell,
        Action<long> advance,
        CancellationToken cancellationToken)
    {
        var tally = new SyncedCollection(chosen.Local.ToString());
        try
        {
            await new CollectionSync(local, remote, chosen, settings, tally, advance).ExecuteAsync(cancellationToken);
        }
        catch (BsonException error)
        {
            throw new SourceException(
                SourceError.Damaged, $"A server sent something of {chosen.Local} that is not BSON: {error.Message}", error);
        }
        finally
        {
            tell(tally);
        }
        return tally;
    }
}
