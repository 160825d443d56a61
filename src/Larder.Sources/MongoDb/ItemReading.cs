using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>One item that is being read, ahead of its turn or in it.</summary>
internal sealed class ItemReading : IAsyncDisposable
{
    private readonly CancellationTokenSource disposal = new();
    private readonly Task<byte[]> metadata;
    private bool disposed;

    /// <param name="item">What is read.</param>
    /// <param name="place">Its place in the plan.</param>
    /// <param name="connection">Serves nothing else meanwhile, and stays the caller's.</param>
    public ItemReading(DumpItem item, int place, MongoConnection connection)
    {
        Item = item;
        Place = place;
        Connection = connection;
        metadata = ReadMetadataAsync(connection);
        Reader = item.Query is null ? null : new CursorReader(connection, item.Query);
    }

    public DumpItem Item { get; }

    public int Place { get; }

    public MongoConnection Connection { get; }

    /// <summary>How long handing it over took.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Null where there are no documents.</summary>
    public CursorReader? Reader { get; }

    /// <summary>The content of the metadata file; empty where there is none. Fails with <see cref="SourceException"/>.</summary>
    public Task<byte[]> GetMetadataAsync(CancellationToken cancellationToken) => metadata.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        await disposal.CancelAsync();
        await ((Task)metadata).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Reader is not null)
        {
            await Reader.DisposeAsync();
        }
        disposal.Dispose();
    }

    private async Task<byte[]> ReadMetadataAsync(MongoConnection connection)
    {
        if (Item.Collection is not { } collection)
        {
            return [];
        }
        return new CollectionMetadata
        {
            Options = collection.Options,
            Indexes = collection.IsView ? [] : await ReadIndexesAsync(connection, collection),
            Uuid = collection.Uuid,
            CollectionName = collection.Name,
            Type = collection.Type,
        }.ToBytes();
    }

    private async Task<List<byte[]>> ReadIndexesAsync(MongoConnection connection, MongoCollection collection)
    {
        var list = new BsonWriter();
        list.String("listIndexes", collection.Name);
        try
        {
            return await connection.ListAsync(collection.Database, list, disposal.Token);
        }
        catch (MongoException error)
        {
            throw MongoErrors.Describe(error, $"The indexes of {collection.FullName} cannot be listed", connection.Host);
        }
    }
}
