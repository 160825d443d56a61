using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>How a database's part of a restore is carried out.</summary>
internal enum RestoreWay
{
    /// <summary>Into a new database, which takes the place of the old one, or gets its name where there is none.</summary>
    Beside,

    /// <summary>Into the database that is there, in one transaction.</summary>
    Within,
}

/// <summary>One database's part of a restore.</summary>
internal sealed record RestoreWork
{
    public required StoredDatabase Dump { get; init; }

    /// <summary>The name of the database that is restored to.</summary>
    public required string Target { get; init; }

    /// <summary>The tables that were asked for; empty for the whole database.</summary>
    public IReadOnlyList<TocEntry> Tables { get; init; } = [];

    public required DumpPart Part { get; init; }

    /// <summary>What of the dump is restored.</summary>
    public required ArchiveToc Toc { get; init; }

    public bool TargetExists { get; init; }

    public bool TargetIsEmpty { get; init; }

    public RestoreWay Way { get; init; }

    /// <summary>
    /// The name of a new table that the rows of the one table go to, which is made like the live one; null where they go to the table of
    /// their own name. The table of contents names it already.
    /// </summary>
    public string? CopyName { get; init; }

    /// <summary>The tables on the server that are replaced or emptied, by name.</summary>
    public IReadOnlyList<string> ReplacedTables { get; init; } = [];

    /// <summary>What of the tables cannot be restored.</summary>
    public IReadOnlyList<TocEntry> LeftOut { get; init; } = [];

    /// <summary>What else is done, for people.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>Bytes that will be read for it.</summary>
    public long Bytes => Toc.Entries.Where(entry => entry.HasData).Sum(CountBytes);

    /// <summary>A list of large objects stands for them.</summary>
    private long CountBytes(TocEntry entry) => Dump.CountBytes(entry) + (entry.Kind == TocEntry.LargeObjects
        ? Dump.Files.Values.Where(file => LargeObjectList.IsObject(file)).Sum(file => file.Bytes)
        : 0);
}
