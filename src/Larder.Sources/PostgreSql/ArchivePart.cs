namespace Larder.Sources.PostgreSql;

/// <summary>What a file of the directory format holds.</summary>
internal enum ArchivePartKind
{
    /// <summary>The rows of a table.</summary>
    Rows,

    /// <summary>One large object.</summary>
    LargeObject,

    /// <summary>The list of large objects that came just before; its text is made here.</summary>
    LargeObjectList,
}

/// <summary>One file of the directory format while it comes out of an archive, and what is learnt of it on the way.</summary>
internal sealed class ArchivePart(ArchivePartKind kind, TocEntry entry, string file)
{
    public ArchivePartKind Kind { get; } = kind;

    public TocEntry Entry { get; } = entry;

    /// <summary>Its name inside the database's folder.</summary>
    public string File { get; } = file;

    /// <summary>Of a <see cref="ArchivePartKind.LargeObject"/>.</summary>
    public uint Oid { get; init; }

    /// <summary>Of a <see cref="ArchivePartKind.LargeObjectList"/>: in the order of the archive.</summary>
    public IReadOnlyList<uint> Oids { get; init; } = [];

    /// <summary>Set by the one who hands it over, when it has come to its end.</summary>
    public long Bytes { get; set; }

    public TimeSpan Duration { get; set; }

    /// <summary>Set by the one who hashes, at the latest when the whole archive has come to its end.</summary>
    public Fingerprint? Fingerprint { get; set; }
}

/// <summary>A stretch of a part's content, or its end. Whoever has taken it calls <see cref="Release"/> once.</summary>
internal readonly record struct ArchivePiece(ArchivePart Part, ArchiveBlock? Block, int Offset, int Length, bool IsLast)
{
    public ReadOnlySpan<byte> Span => Block is null ? default : Block.Bytes.AsSpan(Offset, Length);

    public void Release() => Block?.Release();
}
