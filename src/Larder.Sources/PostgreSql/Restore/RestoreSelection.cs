using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What of a dump is asked for.</summary>
internal static class RestoreSelection
{
    /// <summary>A part for each database that something is asked of; what cannot be understood becomes a refusal.</summary>
    public static IReadOnlyList<RestoreWork> Choose(
        IReadOnlyList<StoredDatabase> databases, DumpRestoreRequest request, List<string> refusals)
    {
        var chosen = databases.ToDictionary(database => database, _ => new List<TocEntry>());
        var whole = new HashSet<StoredDatabase>(request.Entries.Count == 0 ? databases : []);
        foreach (var name in request.Entries)
        {
            if (databases.FirstOrDefault(database => database.Name == name || ObjectName.Of(database.Name) == name) is { } database)
            {
                whole.Add(database);
            }
            else if (!TryFindTable(databases, name, chosen))
            {
                refusals.Add($"The dump has no table and no database called {name}; tables are named as in the manifest, "
                    + "database.schema.table.");
            }
        }
        var works = databases
            .Where(database => whole.Contains(database) || chosen[database].Count > 0)
            .Select(database => Make(database, whole.Contains(database) ? [] : chosen[database], request))
            .ToList();
        if (request.DatabaseName is not null && works.Count > 1)
        {
            refusals.Add(
                $"{works.Count} databases of the dump ({string.Join(", ", works.Select(work => work.Dump.Name))}) cannot all be restored "
                + $"to the one name {request.DatabaseName}; name the one that is meant.");
        }
        return works;
    }

    private static RestoreWork Make(StoredDatabase database, IReadOnlyList<TocEntry> tables, DumpRestoreRequest request) => new()
    {
        Dump = database,
        Target = request.DatabaseName ?? database.Name,
        Tables = tables,
        Part = request.Part,
        Toc = TocParts.Select(database.Toc, request.Part),
    };

    private static bool TryFindTable(
        IReadOnlyList<StoredDatabase> databases, string name, Dictionary<StoredDatabase, List<TocEntry>> chosen)
    {
        var found = false;
        foreach (var database in databases.Where(database => name.StartsWith(ObjectName.Of(database.Name) + ".", StringComparison.Ordinal)))
        {
            foreach (var table in database.Toc.Entries.Where(entry => entry.Kind == TocParts.Table && database.NameEntry(entry) == name))
            {
                chosen[database].Add(table);
                found = true;
            }
        }
        return found;
    }
}
