namespace Larder.Sources.PostgreSql;

/// <summary>What the manifest says of a data file.</summary>
internal static class PartFacts
{
    public static EntryFacts Of(string database, ArchivePart part) => part.Kind == ArchivePartKind.LargeObjectList
        ? OfLargeObjects(database, part.File, part.Fingerprint!.Value) with { Duration = part.Duration }
        : OfTable(database, part.Entry, part.File, part.Fingerprint!.Value, part.Bytes) with { Duration = part.Duration };

    public static EntryFacts OfTable(string database, TocEntry entry, string file, Fingerprint rows, long bytes) => new()
    {
        Name = ObjectName.Of(database, entry.Schema ?? "", entry.Tag ?? ""),
        Kind = "table",
        File = $"{DatabaseFolder.Encode(database)}/{file}",
        Rows = rows.Rows,
        Fingerprint = rows,
        Bytes = bytes,
    };

    /// <summary>Their bytes are in files of their own, so the list has no size to be compared.</summary>
    public static EntryFacts OfLargeObjects(string database, string file, Fingerprint objects) => new()
    {
        Name = ObjectName.Of(database, ObjectName.LargeObjects),
        Kind = "large_objects",
        File = $"{DatabaseFolder.Encode(database)}/{file}",
        Rows = objects.Rows,
        Fingerprint = objects,
    };
}
