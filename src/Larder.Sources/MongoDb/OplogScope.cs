namespace Larder.Sources.MongoDb;

/// <summary>Whether an entry of the oplog belongs to a dump.</summary>
/// <param name="catalog">What was listed when the dump began.</param>
/// <param name="dumped">The collections that were read, by <c>database.collection</c>.</param>
internal sealed class OplogScope(MongoCatalog catalog, IReadOnlySet<string> dumped)
{
    public bool Contains(string database, string collection)
    {
        if (database is "local" or "config" or "")
        {
            return false;
        }
        // What came into being meanwhile belongs to the moment at which the oplog ends.
        var isWanted = catalog.IsWhole || catalog.Databases.Contains(database);
        return dumped.Contains($"{database}.{collection}") || (isWanted && IsNew(database, collection));
    }

    private bool IsNew(string database, string collection) =>
        !catalog.Exclude.Match(database, collection)
        && !catalog.Listed.Contains($"{database}.{collection}")
        && !(collection.StartsWith("system.", StringComparison.Ordinal) && collection != "system.views");
}
