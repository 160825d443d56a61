using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// One document in a collection of its own beside what was restored. That it is there says that all of it is whole, and on the disks of
/// most members. It names the parts anew, because what the oplog of a dump creates and drops is known only when it has been replayed.
/// </summary>
internal static class WholenessMark
{
    public static Task WriteAsync(
        RestoreConnection connection, FullName mark, IEnumerable<ExchangePart> parts, CancellationToken cancellationToken) =>
        connection.RunAsync(
            mark.Database,
            writer =>
            {
                writer.String("insert", mark.Name);
                writer.StartArray("documents");
                writer.StartDocument();
                writer.Int32("_id", 1);
                writer.StartArray("parts");
                foreach (var part in parts)
                {
                    writer.StartDocument();
                    writer.String("kind", part.Kind);
                    writer.String("live", part.Live);
                    writer.String("beside", part.Beside);
                    if (part.Old is not null)
                    {
                        writer.String("old", part.Old);
                    }
                    writer.End();
                }
                writer.End();
                writer.End();
                writer.End();
                writer.WaitForDisk();
            },
            "could not mark what was restored as whole",
            cancellationToken);

    /// <summary>Null where there is none.</summary>
    public static async Task<IReadOnlyList<ExchangePart>?> ReadAsync(
        RestoreConnection connection, FullName mark, CancellationToken cancellationToken)
    {
        var found = await connection.ListAsync(
            mark.Database, writer => writer.String("find", mark.Name), $"could not read {mark}", cancellationToken);
        if (found.Count == 0)
        {
            return null;
        }
        return
        [
            .. Bson.CopyDocuments(Bson.Find(found[0], "parts").AsDocument()).Select(part => new ExchangePart
            {
                Kind = Bson.FindString(part, "kind")!,
                Live = Bson.FindString(part, "live")!,
                Beside = Bson.FindString(part, "beside")!,
                Old = Bson.FindString(part, "old"),
            }),
        ];
    }
}
