namespace Larder.Sources.PostgreSql;

/// <summary>When an entry is restored; the numbers are those in the file.</summary>
public enum TocSection
{
    /// <summary>Comments, privileges and what belongs to another entry.</summary>
    None = 1,

    PreData = 2,

    Data = 3,

    PostData = 4,
}

/// <summary>One object of a dump: a table's definition, its rows, an index, a comment…</summary>
public sealed record TocEntry
{
    /// <summary>Its number inside the dump, which the data file is named by.</summary>
    public required int DumpId { get; init; }

    /// <summary>Whether rows or large objects belong to it.</summary>
    public required bool HasData { get; init; }

    /// <summary>The catalog that the object was in, such as 1259 for <c>pg_class</c>; 0 for none.</summary>
    public uint CatalogTableId { get; init; }

    /// <summary>The object's OID on the server that was dumped; 0 for none.</summary>
    public uint CatalogId { get; init; }

    /// <summary>The object's name, unquoted: of a table the table's, of a constraint <c>table constraint</c>.</summary>
    public string? Tag { get; init; }

    /// <summary><c>TABLE</c>, <c>TABLE DATA</c>, <c>SEQUENCE SET</c>, <c>BLOBS</c>, <c>ACL</c>, …</summary>
    public required string Kind { get; init; }

    public required TocSection Section { get; init; }

    /// <summary>The SQL that makes it.</summary>
    public string? Definition { get; init; }

    public string? DropStatement { get; init; }

    /// <summary><c>COPY schema.table (columns) FROM stdin;</c>, for <c>TABLE DATA</c>.</summary>
    public string? CopyStatement { get; init; }

    public string? Schema { get; init; }

    public string? Tablespace { get; init; }

    public string? AccessMethod { get; init; }

    /// <summary><c>pg_class.relkind</c> as a character code; 0 where there is none.</summary>
    public int RelationKind { get; init; }

    public string? Owner { get; init; }

    /// <summary>The dump ids of the entries that this one needs.</summary>
    public IReadOnlyList<int> Dependencies { get; init; } = [];

    /// <summary>In the directory format: the file with its data; null without any.</summary>
    public string? DataFile { get; init; }

    /// <summary>In the custom format: 1 where the place of the data is not known, 2 where it is, 3 without data.</summary>
    public int OffsetState { get; init; }

    /// <summary>In the custom format: where in the file the data is, in bytes.</summary>
    public long Offset { get; init; }

    internal const string TableData = "TABLE DATA";
    internal const string LargeObjects = "BLOBS";
}
