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

    /// <summary>Definitions, rows, or both. What belongs to the database itself stays in, pg_restore passes over it.</summary>
    public static ArchiveToc Select(ArchiveToc toc, DumpPart part) => part switch
    {
        DumpPart.Schema => toc with { Entries = [.. toc.Entries.Where(entry => entry.Section != TocSection.Data && !entry.HasData)] },
        DumpPart.Data => toc with { Entries = [.. toc.Entries.Where(entry => entry.Section == TocSection.Data || IsPreamble(entry))] },
        _ => toc,
    };
}
