using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Parts of a table of contents.</summary>
internal static class TocParts
{
    public const string Table = "TABLE";
    public const string SequenceSet = "SEQUENCE SET";

    private static readonly HashSet<string> Preamble = new(StringComparer.Ordinal) { "ENCODING", "STDSTRINGS", "SEARCHPATH" };

    /// <summary>How the dump is to be read: encoding and the like. Every part needs it.</summary>
    public static bool IsPreamble(TocEntry entry) => Preamble.Contains(entry.Kind);

    public const string ViewData = "MATERIALIZED VIEW DATA";

    /// <summary>Definitions, rows, or both. What belongs to the database itself stays in, pg_restore passes over it.</summary>
    public static ArchiveToc Select(ArchiveToc toc, DumpPart part) => part switch
    {
        DumpPart.Schema => toc with { Entries = [.. toc.Entries.Where(entry => !IsData(entry))] },
        DumpPart.Data => toc with
        {
            Entries = [.. toc.Entries.Where(entry => (IsData(entry) && !IsLargeObject(entry)) || IsPreamble(entry))],
        },
        _ => toc,
    };

    /// <summary>What holds or makes rows. A large object's definition is the object itself.</summary>
    public static bool IsData(TocEntry entry) =>
        entry.Section == TocSection.Data || entry.HasData || entry.Kind == ViewData || IsLargeObject(entry);

    private static bool IsLargeObject(TocEntry entry) => entry.Kind is "BLOB" or "BLOB METADATA"
        || (entry.Kind is "ACL" or "COMMENT" or "SECURITY LABEL"
            && entry.Tag?.StartsWith("LARGE OBJECT", StringComparison.Ordinal) == true);
}
