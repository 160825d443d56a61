using Larder.Sources.Dumps;
using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.MongoDb.Purge;

/// <summary>
/// Empties collections of one server of what a dump holds. A document goes only while it is what the dump has of it: what came later, or
/// was changed since, stays.
/// </summary>
public sealed class MongoDbPurge : IAsyncDisposable
{
    private readonly RestoreTarget target;
    private readonly RestoreConnection connection;

    private MongoDbPurge(RestoreTarget target, RestoreConnection connection) => (this.target, this.connection) = (target, connection);

    /// <summary>Fails with <see cref="SourceException"/>.</summary>
    public static async Task<MongoDbPurge> ConnectAsync(string url, CancellationToken cancellationToken)
    {
        var target = RestoreTarget.Open(url, answerTimeout: null);
        try
        {
            return new MongoDbPurge(target, await target.ConnectAsync(cancellationToken));
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>The collections of a dump that names fit: <c>collection</c> or <c>database.collection</c>.</summary>
    /// <exception cref="SourceException"><see cref="SourceError.Damaged"/>; a name is one of a view or a time series.</exception>
    public static async Task<IReadOnlyList<DumpedCollection>> FindAsync(
        IStoredDump dump, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var fitting = (await DumpLayout.ReadAsync(dump, cancellationToken)).Collections
            .Where(one => names.Contains(one.Name) || names.Contains(one.FullName)).ToList();
        return fitting.Find(one => one.Kind != DumpKind.Collection) is { } other
            ? throw new SourceException(
                SourceError.TargetExists, $"{other.FullName} is no collection of documents with ids, so nothing is purged of it.")
            : [.. fitting.Select(one => new DumpedCollection(one.Database, one.Name, one.Documents?.Path))];
    }

    /// <summary>Deletes the documents of a dumped collection. Repeating it is harmless. Fails with <see cref="SourceException"/>.</summary>
    /// <param name="dump">Read once, forward.</param>
    /// <param name="collection">Of the dump.</param>
    /// <param name="database">What its database is called on this server.</param>
    /// <param name="count">Counts while it goes, so that what was done is known when it fails.</param>
    /// <param name="cancellationToken">Stops it between two commands.</param>
    public async Task PurgeAsync(
        IStoredDump dump, DumpedCollection collection, string database, PurgeCount count, CancellationToken cancellationToken)
    {
        var name = new FullName(database, collection.Name);
        if (await FindStandingAsync(name, cancellationToken) is not { } standing)
        {
            return;
        }
        if (collection.Documents is { } documents)
        {
            var hasCollation = Bson.Find(standing.Options, "collation").IsPresent;
            await DeleteAsync(dump, documents, name, new DeleteBatch(name.Name, hasCollation), count, cancellationToken);
        }
        count.Kept = await CountAsync(name, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        target.Dispose();
    }

    private async Task DeleteAsync(
        IStoredDump dump, EntryPath documents, FullName name, DeleteBatch batch, PurgeCount count, CancellationToken cancellationToken)
    {
        await using var stream = await dump.OpenAsync(documents, cancellationToken);
        var reader = new DocumentReader(stream, documents);
        while (await reader.ReadAsync(cancellationToken) is { Length: > 0 } document)
        {
            if (!batch.TryAdd(document.Span))
            {
                await SendAsync();
                batch.TryAdd(document.Span);
            }
        }
        await SendAsync();

        async Task SendAsync()
        {
            if (batch.Documents == 0)
            {
                return;
            }
            var reply = await connection.RunAsync(
                name.Database, batch.ToCommand(), $"could not delete documents of {name}", cancellationToken);
            count.Deleted += Bson.Find(reply, "n").AsInt64();
            ThrowFirst(reply, name);
            batch.Clear();
        }
    }

    private void ThrowFirst(byte[] reply, FullName name)
    {
        var error = Bson.Find(reply, "writeErrors") is { IsPresent: true } errors ? Bson.CopyDocuments(errors.Value)[0]
            : Bson.Find(reply, "writeConcernError") is { IsDocument: true } concern ? concern.Value.ToArray()
            : null;
        if (error is not null)
        {
            var said = (Bson.FindString(error, "errmsg") ?? "it gave no reason").TrimEnd('.');
            throw new SourceException(SourceError.TargetFailed, $"MongoDB at {target.Hosts} did not delete documents of {name}: {said}.");
        }
    }

    private async Task<MongoCollection?> FindStandingAsync(FullName name, CancellationToken cancellationToken)
    {
        var listed = await connection.ListAsync(
            name.Database,
            writer =>
            {
                writer.Int32("listCollections", 1);
                writer.StartDocument("filter");
                writer.String("name", name.Name);
                writer.End();
            },
            $"could not look for {name}",
            cancellationToken);
        return listed.Select(document => MongoCollection.Parse(name.Database, document)).FirstOrDefault();
    }

    /// <summary>What is there, one by one: the number that a server keeps may be wrong after a crash.</summary>
    private async Task<long> CountAsync(FullName name, CancellationToken cancellationToken)
    {
        var counted = await connection.ListAsync(
            name.Database,
            writer =>
            {
                writer.String("aggregate", name.Name);
                writer.StartArray("pipeline");
                writer.StartDocument();
                writer.String("$count", "n");
                writer.End();
                writer.End();
                writer.StartDocument("cursor");
                writer.End();
            },
            $"could not count {name}",
            cancellationToken);
        return counted is [var only] ? Bson.Find(only, "n").AsInt64() : 0;
    }
}

/// <summary>A collection of a dump.</summary>
/// <param name="Database">As it was dumped.</param>
/// <param name="Name">As it was dumped.</param>
/// <param name="Documents">The file of its documents; null where there is none.</param>
public sealed record DumpedCollection(string Database, string Name, EntryPath? Documents)
{
    public string FullName => $"{Database}.{Name}";
}

/// <summary>What became of a collection.</summary>
public sealed class PurgeCount
{
    public long Deleted { get; internal set; }

    /// <summary>What is in it afterwards: documents that came or changed since the dump. Null until it was counted.</summary>
    public long? Kept { get; internal set; }
}
