namespace Larder.Sources.MongoDb.Restore;

/// <summary>The few commands that change names and definitions.</summary>
internal static class DurableCommands
{
    /// <summary>
    /// The journal is written in order: once this command is on disk, on most members, all that came before it is, too.
    /// </summary>
    public static void WaitForDisk(this BsonWriter writer)
    {
        writer.StartDocument("writeConcern");
        writer.String("w", "majority");
        writer.Boolean("j", true);
        writer.End();
    }

    /// <summary>It may be gone already. Of a time series its buckets go too.</summary>
    public static async Task DropAsync(this RestoreConnection connection, FullName name, CancellationToken cancellationToken)
    {
        try
        {
            await connection.RunAsync(
                name.Database,
                writer =>
                {
                    writer.String("drop", name.Name);
                    writer.WaitForDisk();
                },
                $"could not drop {name}",
                cancellationToken);
        }
        catch (SourceException error) when (RestoreErrors.IsServer(error, MongoErrors.NamespaceNotFound))
        {
            // Older servers say so, newer ones take it for done.
        }
    }

    /// <summary>A collection, a view or a time series, whatever its options say.</summary>
    /// <param name="connection">To the server.</param>
    /// <param name="name">Under which nothing stands.</param>
    /// <param name="options">As <c>listCollections</c> shows them.</param>
    /// <param name="doing">For the error.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task CreateAsync(
        this RestoreConnection connection,
        FullName name,
        ReadOnlyMemory<byte> options,
        string doing,
        CancellationToken cancellationToken) => connection.RunAsync(
            name.Database,
            writer =>
            {
                writer.String("create", name.Name);
                foreach (var option in new BsonReader(options.Span))
                {
                    writer.Element(option);
                }
                writer.WaitForDisk();
            },
            doing,
            cancellationToken);
}
