namespace Larder.Sources.MongoDb.Restore;

/// <summary>Looks at what stands on a server.</summary>
internal static class ServerLook
{
    /// <summary>The collections, views and time series of a database; none where there is no such database.</summary>
    /// <param name="connection">To the server.</param>
    /// <param name="database">Its name.</param>
    /// <param name="looksInside">Whether to ask each for <see cref="ServerCollection.HasDocuments"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<ServerCollection>> ListAsync(
        RestoreConnection connection, string database, bool looksInside, CancellationToken cancellationToken)
    {
        var listed = await connection.ListAsync(
            database, writer => writer.Int32("listCollections", 1), $"could not list the collections of {database}", cancellationToken);
        var collections = new List<ServerCollection>();
        foreach (var document in listed)
        {
            var name = Bson.FindString(document, "name")!;
            var type = Bson.FindString(document, "type") ?? "collection";
            var options = Bson.Find(document, "options");
            collections.Add(new ServerCollection(
                database,
                name,
                type,
                options.IsDocument ? options.Value.ToArray() : Bson.Empty,
                looksInside
                    && (type == "view"
                        || (IsLookedAt(name) && await HasDocumentsAsync(connection, database, name, cancellationToken)))));
        }
        return collections;
    }

    public static Task<List<byte[]>> ListIndexesAsync(
        RestoreConnection connection, string database, string name, CancellationToken cancellationToken) =>
        connection.ListAsync(
            database, writer => writer.String("listIndexes", name), $"could not list the indexes of {database}.{name}", cancellationToken);

    // The server's own are neither restored nor open to everybody, save the functions.
    private static bool IsLookedAt(string name) =>
        name == "system.js" || !(name.StartsWith("system.", StringComparison.Ordinal) || RestoreNames.IsKept(name));

    private static async Task<bool> HasDocumentsAsync(
        RestoreConnection connection, string database, string name, CancellationToken cancellationToken)
    {
        var first = await connection.ListAsync(
            database,
            writer =>
            {
                writer.String("find", name);
                writer.Int32("limit", 1);
                writer.Boolean("singleBatch", true);
                writer.StartDocument("projection");
                writer.Int32("_id", 1);
                writer.End();
            },
            $"could not look at {database}.{name}",
            cancellationToken);
        return first.Count > 0;
    }
}
