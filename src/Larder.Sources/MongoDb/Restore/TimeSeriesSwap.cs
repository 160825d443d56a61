namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// A time series is a view of its buckets. The view cannot be renamed, but the buckets can (tried on 7.0), and where both definitions agree
/// that alone puts new ones in the place of the old ones.
/// </summary>
internal static class TimeSeriesSwap
{
    /// <summary>Whether what stands there reads the buckets in the same way.</summary>
    public static bool HasSameDefinition(RestoreItem item) =>
        item.Standing is { IsTimeSeries: true } standing
        && Bson.Find(standing.Options.Span, "timeseries").Value.SequenceEqual(Bson.Find(item.Dumped.Options.Span, "timeseries").Value)
        && Bson.Find(standing.Options.Span, "collation").Value.SequenceEqual(Bson.Find(item.Dumped.Options.Span, "collation").Value);

    public static async Task SwapAsync(StagedCollection staged, RestoreConnection connection, CancellationToken cancellationToken)
    {
        var item = staged.Item;
        var isSame = HasSameDefinition(item);
        if (item.Standing is not null && !isSame)
        {
            await CollectionSwap.DropAsync(connection, item.TargetDatabase, item.TargetName, cancellationToken);
        }
        await CollectionSwap.RenameAsync(connection, staged, staged.DocumentsName, $"system.buckets.{item.TargetName}", cancellationToken);
        if (!isSame)
        {
            // It finds the buckets there and makes the view only.
            await connection.RunAsync(
                item.TargetDatabase,
                writer =>
                {
                    writer.String("create", item.TargetName);
                    staged.WriteOptions(writer, withExpiry: true);
                },
                $"could not create the time series {item.FullTarget}",
                cancellationToken);
        }
        // What is left under the temporary name is a view of nothing.
        await CollectionSwap.DropAsync(connection, staged.Database, staged.TemporaryName, cancellationToken);
    }
}
