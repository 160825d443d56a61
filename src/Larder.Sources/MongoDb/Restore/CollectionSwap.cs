namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// The end of a restore: every finished collection gets its name, and what stood there is gone in the same moment. Not to be cancelled.
/// </summary>
internal sealed class CollectionSwap(RestoreConnection connection)
{
    private readonly List<ServerCollection> droppedViews = [];
    private readonly List<string> done = [];

    /// <summary>
    /// Swaps one after another; views come last. Where it fails, views that had to go come back, and the error names what was replaced
    /// before.
    /// </summary>
    public async Task ExecuteAsync(IReadOnlyList<StagedCollection> staged, IReadOnlyList<RestoreItem> views)
    {
        try
        {
            foreach (var collection in staged)
            {
                await SwapAsync(collection);
                done.Add(collection.Item.FullTarget);
            }
            await ReplaceViewsAsync(views);
        }
        catch (SourceException error)
        {
            await BringBackViewsAsync();
            throw new SourceException(
                error.Error,
                done.Count == 0
                    ? $"{error.Message} Nothing was replaced."
                    : $"{error.Message} These had been replaced before, one by one, and all others stand as they were: "
                        + $"{string.Join(", ", done)}.",
                error);
        }
    }

    /// <summary>It may be gone already.</summary>
    public static async Task DropAsync(
        RestoreConnection connection, string database, string name, CancellationToken cancellationToken)
    {
        try
        {
            await connection.RunAsync(
                database, writer => writer.String("drop", name), $"could not drop {database}.{name}", cancellationToken);
        }
        catch (SourceException error) when (RestoreErrors.IsServer(error, MongoErrors.NamespaceNotFound))
        {
            // Older servers say so, newer ones take it for done.
        }
    }

    public static Task RenameAsync(
        RestoreConnection connection, StagedCollection staged, string from, string to, CancellationToken cancellationToken) =>
        connection.RunAsync(
            "admin",
            writer =>
            {
                writer.String("renameCollection", $"{staged.Database}.{from}");
                writer.String("to", $"{staged.Database}.{to}");
                writer.Boolean("dropTarget", true);
                WaitForDisk(writer);
            },
            $"could not give {staged.Item.FullTarget} its name",
            cancellationToken);

    // The journal is written in order: once this is on disk, on most members, all that came before it is.
    private static void WaitForDisk(BsonWriter writer)
    {
        writer.StartDocument("writeConcern");
        writer.String("w", "majority");
        writer.Boolean("j", true);
        writer.End();
    }

    private async Task SwapAsync(StagedCollection staged)
    {
        var item = staged.Item;
        if (item.Dumped.Kind == DumpKind.Functions)
        {
            await FunctionsSwap.SwapAsync(staged, connection, CancellationToken.None);
            return;
        }
        if (staged.IsTimeSeries)
        {
            await DropViewAsync(item.Standing);
            await TimeSeriesSwap.SwapAsync(staged, connection, CancellationToken.None);
            return;
        }
        await DropViewAsync(item.Standing);
        if (item.Standing is { IsTimeSeries: true } standing)
        {
            await DropAsync(connection, standing.Database, standing.Name, CancellationToken.None);
        }
        await RenameAsync(connection, staged, staged.TemporaryName, item.TargetName, CancellationToken.None);
    }

    private async Task ReplaceViewsAsync(IReadOnlyList<RestoreItem> views)
    {
        // All old ones first: old and new ones together could look at each other in a circle, which the server refuses.
        foreach (var view in views)
        {
            await DropViewAsync(view.Standing);
        }
        foreach (var view in views)
        {
            if (view.Standing is { IsView: false } collection)
            {
                await DropAsync(connection, collection.Database, collection.Name, CancellationToken.None);
            }
            await CreateViewAsync(view.TargetDatabase, view.TargetName, view.Dumped.Options);
            done.Add(view.FullTarget);
        }
        droppedViews.Clear();
    }

    private async Task DropViewAsync(ServerCollection? standing)
    {
        if (standing is { IsView: true } && !droppedViews.Contains(standing))
        {
            await DropAsync(connection, standing.Database, standing.Name, CancellationToken.None);
            droppedViews.Add(standing);
        }
    }

    private async Task BringBackViewsAsync()
    {
        foreach (var view in droppedViews.Where(view => !done.Contains($"{view.Database}.{view.Name}")))
        {
            try
            {
                await CreateViewAsync(view.Database, view.Name, view.Options);
            }
            catch (SourceException)
            {
                // The failure that led here is the one to be told.
            }
        }
    }

    private Task CreateViewAsync(string database, string name, ReadOnlyMemory<byte> options) => connection.RunAsync(
        database,
        writer =>
        {
            writer.String("create", name);
            foreach (var option in new BsonReader(options.Span))
            {
                writer.Element(option);
            }
        },
        $"could not create the view {database}.{name}",
        CancellationToken.None);
}
