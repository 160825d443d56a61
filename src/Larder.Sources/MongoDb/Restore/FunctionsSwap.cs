namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Functions of a database (<c>system.js</c>), which can only be written in place: each new one replaces that of its name, and then those
/// that the dump does not hold go. They are few and small.
/// </summary>
internal static class FunctionsSwap
{
    public static async Task SwapAsync(StagedCollection staged, RestoreConnection connection, CancellationToken cancellationToken)
    {
        var item = staged.Item;
        var functions = await connection.ListAsync(
            staged.Database, writer => writer.String("find", staged.TemporaryName), $"could not read {item.FullTarget}", cancellationToken);
        foreach (var function in functions)
        {
            await connection.RunAsync(
                staged.Database,
                writer => WriteUpsert(writer, item.TargetName, function),
                $"could not write {item.FullTarget}",
                cancellationToken);
        }
        await connection.RunAsync(
            staged.Database,
            writer => WriteDeleteOthers(writer, item.TargetName, functions),
            $"could not remove old functions of {item.FullTarget}",
            cancellationToken);
        await CollectionSwap.DropAsync(connection, staged.Database, staged.TemporaryName, cancellationToken);
    }

    private static void WriteUpsert(BsonWriter writer, string name, byte[] function)
    {
        writer.String("update", name);
        writer.StartArray("updates");
        writer.StartDocument();
        writer.StartDocument("q");
        writer.Element(Bson.Find(function, "_id"));
        writer.End();
        writer.Document("u", function);
        writer.Boolean("upsert", true);
        writer.End();
        writer.End();
    }

    private static void WriteDeleteOthers(BsonWriter writer, string name, List<byte[]> kept)
    {
        writer.String("delete", name);
        writer.StartArray("deletes");
        writer.StartDocument();
        writer.StartDocument("q");
        writer.StartDocument("_id");
        writer.StartArray("$nin");
        foreach (var function in kept)
        {
            var id = Bson.Find(function, "_id");
            writer.Raw(id.Type, null, id.Value);
        }
        writer.End();
        writer.End();
        writer.End();
        writer.Int32("limit", 0);
        writer.End();
        writer.End();
    }
}
