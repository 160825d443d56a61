namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// pg_restore begins the largest tables and their indexes first, by the sizes of the data files; pipes have none, and then the smallest
/// dump id goes first. So the dump ids are dealt out anew, the smallest to the largest table. A dump id is a name inside the table of
/// contents and nothing else; the order of entries and the names of files stay.
/// </summary>
internal static class TocSchedule
{
    public static ArchiveToc BySize(ArchiveToc toc, Func<TocEntry, long> countBytes)
    {
        var weights = Weigh(toc, countBytes);
        var ids = toc.Entries.Select(entry => entry.DumpId).Order().ToArray();
        var renamed = new Dictionary<int, int>(ids.Length);
        foreach (var (entry, position) in toc.Entries
            .OrderByDescending(entry => weights.GetValueOrDefault(entry.DumpId))
            .ThenBy(entry => entry.DumpId)
            .Select((entry, position) => (entry, position)))
        {
            renamed[entry.DumpId] = ids[position];
        }
        return toc with
        {
            Entries = [.. toc.Entries.Select(entry => entry with
            {
                DumpId = renamed[entry.DumpId],

                // What a dump of some of the objects does not hold may still be named as needed; pg_restore passes over such ids.
                Dependencies = [.. entry.Dependencies.Where(renamed.ContainsKey).Select(id => renamed[id])],
            })],
        };
    }

    /// <summary>Of data its own bytes, of indexes and constraints those of their tables.</summary>
    private static Dictionary<int, long> Weigh(ArchiveToc toc, Func<TocEntry, long> countBytes)
    {
        var tables = new Dictionary<int, long>();
        var weights = new Dictionary<int, long>();
        foreach (var data in toc.Entries.Where(entry => entry.HasData))
        {
            // Behind a list of large objects there is far more than the list, how much is not known from its size.
            var bytes = data.Kind == TocEntry.LargeObjects ? countBytes(data) * 1024 : countBytes(data);
            weights[data.DumpId] = bytes;
            foreach (var table in data.Dependencies)
            {
                tables[table] = bytes;
            }
        }
        foreach (var entry in toc.Entries.Where(entry => entry.Section == TocSection.PostData))
        {
            weights[entry.DumpId] = entry.Dependencies.Select(id => tables.GetValueOrDefault(id)).DefaultIfEmpty().Max();
        }
        return weights;
    }
}
