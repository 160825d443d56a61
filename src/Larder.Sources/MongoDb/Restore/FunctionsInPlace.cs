namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Functions of a database (<c>system.js</c>), which can only be written in place: each new one replaces that of its name, and then those
/// that are not among them go. They are few and small. It may be repeated.
/// </summary>
internal sealed class FunctionsInPlace(RestoreConnection connection, Action<string>? afterCall)
{
    public async Task WriteAsync(FullName from, FullName to)
    {
        var functions = await connection.ListAsync(
            from.Database, writer => writer.String("find", from.Name), $"could not read {from}", CancellationToken.None);
        foreach (var function in functions)
        {
            await RunAsync(to, writer => WriteUpsert(writer, to.Name, function), $"could not write {to}");
        }
        await RunAsync(to, writer => WriteDeleteOthers(writer, to.Name, functions), $"could not remove other functions of {to}");
    }

    private async Task RunAsync(FullName to, Action<BsonWriter> write, string doing)
    {
        await connection.RunAsync(to.Database, write, doing, CancellationToken.None);
        afterCall?.Invoke($"write {to}");
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
        writer.WaitForDisk();
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
        writer.WaitForDisk();
    }
}
