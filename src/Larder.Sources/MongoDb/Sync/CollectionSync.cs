using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.MongoDb.Sync;

/// <summary>
/// Brings one collection of two sides in step. First everything that the local side has is held against the remote one, in batches, in the
/// order of <c>_id</c>; then the remote side is looked through for what the local one lacks.
/// </summary>
/// <remarks>
/// Memory: the ids and fields of a batch on both sides; one answer (16 MiB) and its documents, copied; one command (4 MiB, or a document of
/// 16 MiB, twice while it grows) and the driver's copy of it: some MiB with ordinary documents, below 100 MiB with the largest.
/// </remarks>
internal sealed class CollectionSync(
    SyncSide local,
    SyncSide remote,
    ChosenCollection chosen,
    MongoDbSyncSettings settings,
    SyncedCollection tally,
    Action<long> advance)
{
    // A query of ids has room for 16 MiB; ids are small, but need not be.
    private const int IdBytesMax = 4 * 1024 * 1024;

    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        await CreateMissingAsync(cancellationToken);
        await JudgeAsync(cancellationToken);
        await FetchMissingAsync(cancellationToken);
    }

    private async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        if (chosen.MissingOn is not { } side)
        {
            return;
        }
        tally.CreatedOn = side.Name;
        if (!settings.IsDryRun)
        {
            await side.CreateAsync(side == local ? chosen.Local : chosen.Remote, chosen.Options, cancellationToken);
        }
    }

    /// <summary>What the local side has: what of it the remote side lacks, and which of two is newer.</summary>
    private async Task JudgeAsync(CancellationToken cancellationToken)
    {
        await using var scan = local.Scan(chosen.Local, settings.Field);
        while (await scan.NextAsync(cancellationToken) is { } documents)
        {
            foreach (var part in Parts(documents))
            {
                var mine = new Dictionary<DocumentId, SeenField>(part.Count);
                part.ForEach(one => mine[one.Id] = one.Field); // Shards may have one id twice.
                var theirs = await remote.LookAsync(chosen.Remote, mine.Keys, settings.Field, cancellationToken);
                await ActAsync(mine, theirs, cancellationToken);
            }
        }
    }

    private async Task ActAsync(
        Dictionary<DocumentId, SeenField> mine, Dictionary<DocumentId, SeenField> theirs, CancellationToken cancellationToken)
    {
        var missing = new List<DocumentId>();
        var (toRemote, toLocal) = (new Dictionary<DocumentId, SeenField>(), new Dictionary<DocumentId, SeenField>());
        var doubtful = new List<DocumentId>();
        foreach (var (id, field) in mine)
        {
            if (!theirs.TryGetValue(id, out var other))
            {
                missing.Add(id);
                continue;
            }
            switch (field.Compare(other))
            {
                case Newer.Mine:
                    toRemote.Add(id, other);
                    break;
                case Newer.Theirs:
                    toLocal.Add(id, field);
                    break;
                default:
                    doubtful.Add(id);
                    break;
            }
        }
        foreach (var id in await FindDifferentAsync(doubtful, cancellationToken))
        {
            tally.AddConflict(id, Reason(mine[id], theirs[id]));
            toRemote.Add(id, theirs[id]);
        }
        tally.CopiedToRemote += await CopyAsync(local, chosen.Local, remote, chosen.Remote, missing, cancellationToken);
        tally.UpdatedOnRemote += await UpdateAsync(local, chosen.Local, remote, chosen.Remote, toRemote, cancellationToken);
        tally.UpdatedOnLocal += await UpdateAsync(remote, chosen.Remote, local, chosen.Local, toLocal, cancellationToken);
    }

    /// <summary>What only the remote side has.</summary>
    private async Task FetchMissingAsync(CancellationToken cancellationToken)
    {
        await using var scan = remote.Scan(chosen.Remote, null);
        while (await scan.NextAsync(cancellationToken) is { } documents)
        {
            foreach (var part in Parts(documents))
            {
                var ids = part.Select(one => one.Id).ToList();
                var here = await local.LookAsync(chosen.Local, ids, null, cancellationToken);
                var missing = ids.Where(id => !here.ContainsKey(id)).ToList();
                tally.CopiedToLocal += await CopyAsync(remote, chosen.Remote, local, chosen.Local, missing, cancellationToken);
            }
        }
    }

    /// <summary>Those of which the two sides do not hold the same, though the field does not say which is newer.</summary>
    private async Task<IReadOnlyList<DocumentId>> FindDifferentAsync(
        IReadOnlyList<DocumentId> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return [];
        }
        var mine = await local.HashAsync(chosen.Local, ids, cancellationToken);
        var theirs = await remote.HashAsync(chosen.Remote, ids, cancellationToken);
        return
        [
            .. ids.Where(id => mine.TryGetValue(id, out var one) && theirs.TryGetValue(id, out var other) && one != other),
        ];
    }

    private string Reason(SeenField mine, SeenField theirs) => (mine.Type, theirs.Type, mine.Compare(theirs)) switch
    {
        (_, _, Newer.Neither) => $"\"{settings.Field}\" is the same on both sides and the documents differ.",
        (BsonType.EndOfDocument, BsonType.EndOfDocument, _) => $"\"{settings.Field}\" is missing on both sides.",
        (BsonType.EndOfDocument, _, _) => $"\"{settings.Field}\" is missing on the local side.",
        (_, BsonType.EndOfDocument, _) => $"\"{settings.Field}\" is missing on the remote side.",
        var (one, other, _) when one == other => $"\"{settings.Field}\" is of type {one}, which does not say what is newer.",
        var (one, other, _) => $"\"{settings.Field}\" is of type {one} on the local side and of type {other} on the remote side.",
    };

    /// <returns>How many were written; with a dry run, would be.</returns>
    private async Task<long> CopyAsync(
        SyncSide from, FullName source, SyncSide to, FullName target, IReadOnlyList<DocumentId> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0 || settings.IsDryRun)
        {
            return ids.Count;
        }
        var (copied, batch, inBatch) = (0L, new InsertBatch(target.Name, InsertManner.Guarded), new List<DocumentId>());
        await using var cursor = from.Find(source, ids);
        while (await cursor.NextAsync(cancellationToken) is { } documents)
        {
            foreach (var document in documents)
            {
                if (!batch.TryAdd(document))
                {
                    await SendAsync();
                    batch.TryAdd(document);
                }
                inBatch.Add(DocumentId.Of(document)!);
            }
        }
        await SendAsync();
        return copied;

        async Task SendAsync()
        {
            if (inBatch.Count == 0)
            {
                return;
            }
            var reply = await to.Connection.RunAsync(
                target.Database, batch.ToCommand(), $"could not take documents of {target}", cancellationToken);
            NoteErrors(reply, to, inBatch);
            copied += Bson.Find(reply, "n").AsInt64();
            advance(batch.DocumentBytes);
            batch.Clear();
            inBatch.Clear();
        }
    }

    /// <param name="from">The side whose documents are the newer ones.</param>
    /// <param name="source">The collection there.</param>
    /// <param name="to">The side that gets them.</param>
    /// <param name="target">The collection there.</param>
    /// <param name="seen">The field of what is written over: where it is another one by now, nothing is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    private async Task<long> UpdateAsync(
        SyncSide from,
        FullName source,
        SyncSide to,
        FullName target,
        Dictionary<DocumentId, SeenField> seen,
        CancellationToken cancellationToken)
    {
        if (seen.Count == 0 || settings.IsDryRun)
        {
            return seen.Count;
        }
        var (updated, batch) = (0L, new UpdateBatch(target.Name, settings.Field));
        await using var cursor = from.Find(source, seen.Keys);
        while (await cursor.NextAsync(cancellationToken) is { } documents)
        {
            foreach (var document in documents)
            {
                var id = DocumentId.Of(document)!;
                if (!seen.TryGetValue(id, out var field))
                {
                    continue; // It has come meanwhile, with an id that is only equal to the server.
                }
                if (!batch.TryAdd(id, field, document))
                {
                    await SendAsync();
                    batch.TryAdd(id, field, document);
                }
            }
        }
        await SendAsync();
        return updated;

        async Task SendAsync()
        {
            var ids = batch.Ids;
            if (ids.Count == 0)
            {
                return;
            }
            var reply = await to.Connection.RunAsync(
                target.Database, batch.ToCommand(), $"could not take documents of {target}", cancellationToken);
            var refused = NoteErrors(reply, to, ids);
            var matched = Bson.Find(reply, "n").AsInt64();
            updated += matched;
            tally.ChangedMeanwhile += ids.Count - matched - refused;
            advance(batch.Bytes);
            batch.Clear();
        }
    }

    /// <summary>Counts and names what a server refused of a batch.</summary>
    /// <returns>How many documents.</returns>
    private int NoteErrors(byte[] reply, SyncSide side, IReadOnlyList<DocumentId> ids)
    {
        NoteWriteConcern(reply, side);
        if (Bson.Find(reply, "writeErrors") is not { IsPresent: true } errors)
        {
            return 0;
        }
        var all = Bson.CopyDocuments(errors.Value);
        foreach (var error in all)
        {
            var id = ids[Bson.Find(error, "index").AsInt32()];
            var pattern = Bson.Find(error, "keyPattern");
            if (Bson.Find(error, "code").AsInt64() != MongoErrors.DuplicateKey)
            {
                tally.AddRefusal(id, $"The {side.Name} side refused it: {Said(error)}.");
            }
            else if (pattern.IsDocument && Bson.Find(pattern.Value, "_id").IsPresent)
            {
                // Somebody was quicker; or its id is the same to the server, which does not tell 1 from 1.0, nor a collation a from A.
                tally.ChangedMeanwhile++;
            }
            else
            {
                var index = pattern.IsDocument ? ExtendedJson.ToText(pattern.Value, ExtendedJsonMode.Relaxed) : "a unique index";
                tally.AddRefusal(id, $"The {side.Name} side has another document with the same key of its unique index {index}.");
            }
        }
        return all.Count;
    }

    private static void NoteWriteConcern(byte[] reply, SyncSide side)
    {
        if (Bson.Find(reply, "writeConcernError") is { IsDocument: true } concern)
        {
            throw new SourceException(
                SourceError.TargetFailed,
                $"MongoDB at {side.Hosts} did not keep what was written on most of its members: {Said(concern.Value)}.");
        }
    }

    private static string Said(ReadOnlySpan<byte> error) => (Bson.FindString(error, "errmsg") ?? "it gave no reason").TrimEnd('.');

    /// <summary>Ids and fields of a batch, in parts that fit into a query.</summary>
    private IEnumerable<List<(DocumentId Id, SeenField Field)>> Parts(IReadOnlyList<byte[]> documents)
    {
        var (part, bytes) = (new List<(DocumentId, SeenField)>(documents.Count), 0);
        foreach (var document in documents)
        {
            var id = DocumentId.Of(document)!;
            if (part.Count > 0 && bytes + id.Bytes > IdBytesMax)
            {
                yield return part;
                (part, bytes) = ([], 0);
            }
            part.Add((id, SeenField.Of(document, settings.Field)));
            bytes += id.Bytes;
        }
        if (part.Count > 0)
        {
            yield return part;
        }
    }
}
