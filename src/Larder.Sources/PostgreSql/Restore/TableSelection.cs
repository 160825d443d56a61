namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What belongs to tables, by the dependencies that the dump recorded.</summary>
internal static class TableSelection
{
    private static readonly HashSet<string> Belongings = new(StringComparer.Ordinal)
    {
        TocEntry.TableData, "SEQUENCE", "SEQUENCE OWNED BY", TocParts.SequenceSet, "DEFAULT",
        "CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX", "INDEX ATTACH", "TABLE ATTACH", "STATISTICS",
        "TRIGGER", "RULE", "POLICY", "ROW SECURITY", "COMMENT", "ACL", "SECURITY LABEL",
    };

    // These may depend on further tables, and belong to the one that their tag names first.
    private static readonly HashSet<string> NamedByTable = new(StringComparer.Ordinal) { "FK CONSTRAINT", "TRIGGER", "RULE", "POLICY" };

    /// <summary>The tables with all that is theirs, partitions of partitioned ones too, in the order of the dump.</summary>
    public static IReadOnlyList<TocEntry> Collect(ArchiveToc toc, IReadOnlyList<TocEntry> tables)
    {
        var byId = toc.Entries.ToDictionary(entry => entry.DumpId);
        var chosen = AddPartitions(toc, tables, byId);
        for (var before = -1; before != chosen.Count;)
        {
            before = chosen.Count;
            chosen.UnionWith(toc.Entries
                .Where(entry => !chosen.Contains(entry.DumpId) && Belongs(entry, chosen, byId))
                .Select(entry => entry.DumpId));
        }
        return [.. toc.Entries.Where(entry => chosen.Contains(entry.DumpId))];
    }

    /// <summary>
    /// What makes these tables whole in a database that has nothing: what they need too, and no foreign key to a table that is not
    /// restored.
    /// </summary>
    public static ArchiveToc ForNewDatabase(ArchiveToc toc, IReadOnlyList<TocEntry> tables)
    {
        var chosen = Collect(toc, tables).Select(entry => entry.DumpId).ToHashSet();
        var byId = toc.Entries.ToDictionary(entry => entry.DumpId);
        AddNeeded(chosen, byId);
        chosen.RemoveWhere(id => byId[id].Kind is "FK CONSTRAINT" or "TABLE ATTACH" or "INDEX ATTACH"
            && byId[id].Dependencies.Any(needed => byId.ContainsKey(needed) && !chosen.Contains(needed)));
        return toc with
        {
            Entries = [.. toc.Entries.Where(entry =>
                chosen.Contains(entry.DumpId) || TocParts.IsPreamble(entry) || entry.Kind == DatabaseProperties.Kind)],
        };
    }

    /// <summary>What these entries need and do not contain, in the order of the dump.</summary>
    public static IReadOnlyList<TocEntry> FindNeeded(ArchiveToc toc, IReadOnlySet<TocEntry> entries)
    {
        var ids = entries.Select(entry => entry.DumpId).ToHashSet();
        AddNeeded(ids, toc.Entries.ToDictionary(entry => entry.DumpId));
        return [.. toc.Entries.Where(entry => ids.Contains(entry.DumpId) && !entries.Contains(entry))];
    }

    private static void AddNeeded(HashSet<int> chosen, Dictionary<int, TocEntry> byId)
    {
        var queue = new Queue<int>(chosen);
        while (queue.TryDequeue(out var id))
        {
            if (byId[id].Kind is "FK CONSTRAINT" or "TABLE ATTACH" or "INDEX ATTACH")
            {
                continue;
            }
            foreach (var needed in byId[id].Dependencies.Where(byId.ContainsKey).Where(chosen.Add))
            {
                queue.Enqueue(needed);
            }
        }
    }

    private static HashSet<int> AddPartitions(ArchiveToc toc, IReadOnlyList<TocEntry> tables, Dictionary<int, TocEntry> byId)
    {
        var chosen = tables.Select(table => table.DumpId).ToHashSet();
        for (var before = -1; before != chosen.Count;)
        {
            before = chosen.Count;
            foreach (var attach in toc.Entries.Where(entry => entry.Kind == "TABLE ATTACH" && entry.Dependencies.Any(chosen.Contains)))
            {
                // It needs both tables and is called like the partition.
                var partition = attach.Dependencies.FirstOrDefault(id =>
                    byId.TryGetValue(id, out var table) && table.Tag == attach.Tag && table.Schema == attach.Schema);
                if (partition != 0 && attach.Dependencies.Any(id => id != partition && chosen.Contains(id)))
                {
                    chosen.Add(partition);
                }
            }
        }
        return chosen;
    }

    private static bool Belongs(TocEntry entry, HashSet<int> chosen, Dictionary<int, TocEntry> byId)
    {
        if (!Belongings.Contains(entry.Kind))
        {
            return false;
        }
        var owners = entry.Dependencies.Where(chosen.Contains);
        return NamedByTable.Contains(entry.Kind)
            ? owners.Select(id => byId[id]).Any(owner => owner.Kind == TocParts.Table && owner.Schema == entry.Schema
                && entry.Tag?.StartsWith(owner.Tag + " ", StringComparison.Ordinal) == true)
            : owners.Any();
    }
}
