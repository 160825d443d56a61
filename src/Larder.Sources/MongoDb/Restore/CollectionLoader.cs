using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Feeds the documents of one collection to the server while the next batch is being read, counts and fingerprints them on their way, and
/// compares.
/// </summary>
/// <remarks>
/// A collection takes 1 to 17 MiB of reading buffer, two batches of 4 to 16 MiB and the driver's copy of one: 13 MiB where documents are
/// small, 70 MiB where they are as large as they can be.
/// </remarks>
internal sealed class CollectionLoader(
    IStoredDump dump, RestoreTarget target, bool readsBack, Action<long> advance, Action<SourceWarning> warn)
{
    /// <summary>
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/>, <see cref="SourceError.Mismatch"/>, and whatever the
    /// server or the repository fails with.
    /// </summary>
    public async Task LoadAsync(StagedCollection staged, RestoreConnection connection, CancellationToken cancellationToken)
    {
        await staged.CreateAsync(connection, cancellationToken);
        var fingerprint = new FingerprintBuilder();
        var isAsDumped = staged.Item.Dumped.Documents is not { } documents
            || await FeedAsync(staged, documents, connection, fingerprint, cancellationToken);
        var fed = fingerprint.ToFingerprint();
        await CompareAsync(staged, fed, connection, cancellationToken);
        if (readsBack && isAsDumped)
        {
            await ReadBackAsync(staged, fed, connection, cancellationToken);
        }
    }

    /// <returns>False where a document was changed on its way in, of which there is a warning.</returns>
    private async Task<bool> FeedAsync(
        StagedCollection staged,
        StoredDocuments documents,
        RestoreConnection connection,
        FingerprintBuilder fingerprint,
        CancellationToken cancellationToken)
    {
        var manner = Bson.Find(staged.Options.Span, "capped").IsPresent ? InsertManner.InOrder : InsertManner.Loading;
        var filling = new InsertBatch(staged.DocumentsName, manner);
        var sending = new InsertBatch(staged.DocumentsName, manner);
        var sent = Task.CompletedTask;
        var exact = new ExactInsert(staged, connection, warn);
        await using var stream = await dump.OpenAsync(documents.Path, cancellationToken);
        var reader = new DocumentReader(stream, documents.Path);
        try
        {
            while (await reader.ReadAsync(cancellationToken) is { Length: > 0 } document)
            {
                fingerprint.Add(document.Span);
                if (reader.IsChangedByInsert)
                {
                    await SwitchAsync();
                    await sent;
                    if (await exact.TryInsertAsync(document, cancellationToken))
                    {
                        advance(document.Length);
                        continue;
                    }
                }
                if (!filling.TryAdd(document.Span))
                {
                    await SwitchAsync();
                    filling.TryAdd(document.Span);
                }
            }
            await SwitchAsync();
        }
        finally
        {
            await ((Task)sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // The batch is the driver's until then.
        }
        await sent;
        return !exact.IsForbidden;

        async Task SwitchAsync()
        {
            await sent;
            (filling, sending) = (sending, filling);
            if (sending.Documents > 0)
            {
                sent = SendAsync(sending);
            }
        }

        async Task SendAsync(InsertBatch batch)
        {
            var doing = $"could not take documents of {staged.Item.FullTarget}";
            var reply = await connection.RunAsync(staged.Database, batch.ToCommand(), doing, cancellationToken);
            if (Bson.Find(reply, "writeErrors") is { IsPresent: true } errors)
            {
                throw DescribeWriteError(staged, Bson.CopyDocuments(errors.Value)[0]);
            }
            var taken = Bson.Find(reply, "n").AsInt64();
            if (taken != batch.Documents)
            {
                throw new SourceException(
                    SourceError.Mismatch,
                    $"MongoDB at {target.Hosts} took {taken} of {batch.Documents} documents of {staged.Item.FullTarget}.");
            }
            advance(batch.DocumentBytes);
            batch.Clear();
        }
    }

    private SourceException DescribeWriteError(StagedCollection staged, ReadOnlySpan<byte> error)
    {
        var message = (Bson.FindString(error, "errmsg") ?? "no reason was given").TrimEnd('.');
        var isDuplicate = Bson.Find(error, "code") is { IsPresent: true } code && code.AsInt64() == MongoErrors.DuplicateKey;
        return new SourceException(
            isDuplicate ? SourceError.Damaged : SourceError.TargetFailed,
            $"MongoDB at {target.Hosts} refused a document of {staged.Item.FullTarget}: {message}.");
    }

    // The fingerprint is that of the documents as they were handed over, and the server's own count says that it has them all; each batch
    // was acknowledged with its number. Reading them back costs as much time as a dump (see the page of this folder), so it must be asked
    // for.
    private async Task CompareAsync(
        StagedCollection staged, Fingerprint fed, RestoreConnection connection, CancellationToken cancellationToken)
    {
        var item = staged.Item;
        var reply = await connection.RunAsync(
            staged.Database,
            writer => writer.String("count", staged.DocumentsName),
            $"could not count {item.FullTarget}",
            cancellationToken);
        var counted = Bson.Find(reply, "n").AsInt64();
        if (counted != fed.Rows)
        {
            throw new SourceException(
                SourceError.Mismatch, $"{item.FullTarget} has {counted} documents on the server where {fed.Rows} were handed over.");
        }
        if (item.Recorded is { Rows: { } rows } && rows != fed.Rows)
        {
            throw new SourceException(
                SourceError.Mismatch, $"{item.FullTarget} has {fed.Rows} documents where the manifest recorded {rows}.");
        }
        if (item.Recorded is { Fingerprint: { } recorded } && recorded != fed)
        {
            throw new SourceException(
                SourceError.Mismatch,
                $"The documents of {item.FullTarget} are not those that the manifest recorded: {fed} is not {recorded}.");
        }
        staged.Facts = new EntryFacts
        {
            Name = item.Recorded?.Name ?? item.Dumped.FullName,
            Kind = item.Recorded?.Kind ?? (staged.IsTimeSeries ? "timeseries" : "collection"),
            File = item.Dumped.Documents?.Path.ToString() ?? "",
            Rows = fed.Rows,
            Bytes = item.Dumped.Documents?.Bytes ?? 0,
            Fingerprint = fed,
        };
    }

    // Now, for an index that makes old documents vanish is built later, and the oplog is replayed later.
    private static async Task ReadBackAsync(
        StagedCollection staged, Fingerprint fed, RestoreConnection connection, CancellationToken cancellationToken)
    {
        var read = new FingerprintBuilder();
        await connection.ReadCursorAsync(
            staged.Database,
            writer => writer.String("find", staged.DocumentsName),
            $"could not read back {staged.Item.FullTarget}",
            document => read.Add(document),
            cancellationToken);
        if (read.ToFingerprint() != fed)
        {
            throw new SourceException(
                SourceError.Mismatch,
                $"The documents of {staged.Item.FullTarget}, read back from the server, are not those that were handed over: "
                + $"{read.ToFingerprint()} is not {fed}.");
        }
    }
}
