using System.Security.Cryptography;
using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.MongoDb.Sync;

/// <summary>One of the two servers that are kept in step: what a sync asks of it and has it write.</summary>
internal sealed class SyncSide : IAsyncDisposable
{
    private readonly RestoreTarget target;

    private SyncSide(string name, RestoreTarget target, RestoreConnection connection) =>
        (Name, this.target, Connection) = (name, target, connection);

    /// <summary><c>local</c> or <c>remote</c>.</summary>
    public string Name { get; }

    /// <summary>For people, with no secret in it.</summary>
    public string Hosts => target.Hosts;

    public RestoreConnection Connection { get; }

    public static async Task<SyncSide> OpenAsync(string name, string url, CancellationToken cancellationToken)
    {
        // Nothing that is asked of a server here takes long, so one that is silent for five minutes has gone away.
        var target = RestoreTarget.Open(url, answerTimeout: null);
        try
        {
            return new SyncSide(name, target, await target.ConnectAsync(cancellationToken));
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>All collections of a database, whatever they are.</summary>
    public async Task<IReadOnlyList<MongoCollection>> ListAsync(string database, CancellationToken cancellationToken)
    {
        var listed = await Connection.ListAsync(
            database, writer => writer.Int32("listCollections", 1), $"could not list the collections of {database}", cancellationToken);
        return [.. listed.Select(document => MongoCollection.Parse(database, document))];
    }

    /// <summary>Creates a collection, or finds that somebody just did.</summary>
    public async Task CreateAsync(FullName name, ReadOnlyMemory<byte> options, CancellationToken cancellationToken)
    {
        try
        {
            await Connection.CreateAsync(name, options, $"could not create {name}", cancellationToken);
        }
        catch (SourceException error) when (RestoreErrors.IsServer(error, MongoErrors.NamespaceExists))
        {
            // What it was to be, it is.
        }
    }

    /// <summary>A cursor over every document, in the order of <c>_id</c>, that gives <c>_id</c> and the field alone.</summary>
    public SyncCursor Scan(FullName name, string? field) => new(Connection, name, find =>
    {
        WriteProjection(find, field);
        find.StartDocument("sort");
        find.Int32("_id", 1);
        find.End();
    });

    /// <summary>Which of the documents are here, and the field of each.</summary>
    public async Task<Dictionary<DocumentId, SeenField>> LookAsync(
        FullName name, IReadOnlyCollection<DocumentId> ids, string? field, CancellationToken cancellationToken)
    {
        var found = new Dictionary<DocumentId, SeenField>(ids.Count);
        await using var cursor = Find(name, ids, find => WriteProjection(find, field));
        while (await cursor.NextAsync(cancellationToken) is { } documents)
        {
            foreach (var document in documents)
            {
                found[DocumentId.Of(document)!] = field is null ? default : SeenField.Of(document, field);
            }
        }
        return found;
    }

    /// <summary>What documents hold, as hashes; of those that are here.</summary>
    public async Task<Dictionary<DocumentId, UInt128>> HashAsync(
        FullName name, IReadOnlyCollection<DocumentId> ids, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<DocumentId, UInt128>(ids.Count);
        await using var cursor = Find(name, ids);
        while (await cursor.NextAsync(cancellationToken) is { } documents)
        {
            foreach (var document in documents)
            {
                hashes[DocumentId.Of(document)!] = HashOf(document);
            }
        }
        return hashes;
    }

    /// <summary>A cursor over some documents, whole if nothing else is written into the command.</summary>
    public SyncCursor Find(FullName name, IReadOnlyCollection<DocumentId> ids, Action<BsonWriter>? more = null) =>
        new(Connection, name, find =>
        {
            find.StartDocument("filter");
            find.StartDocument("_id");
            find.StartArray("$in");
            foreach (var id in ids)
            {
                id.Write(find, null);
            }
            find.End();
            find.End();
            find.End();
            more?.Invoke(find);
        });

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        target.Dispose();
    }

    private static void WriteProjection(BsonWriter find, string? field)
    {
        find.StartDocument("projection");
        find.Int32("_id", 1);
        if (field is not null)
        {
            find.Int32(field, 1);
        }
        find.End();
    }

    // A server moves _id to the front of what it is given, so where it stands makes no difference.
    private static UInt128 HashOf(ReadOnlySpan<byte> document)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var element in new BsonReader(document))
        {
            if (!element.NameBytes.SequenceEqual("_id"u8))
            {
                hash.AppendData([(byte)element.Type]);
                hash.AppendData(element.NameBytes);
                hash.AppendData([0]);
                hash.AppendData(element.Value);
            }
        }
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(whole);
    }
}
