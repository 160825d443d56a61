namespace Larder.Sources.PostgreSql;

/// <summary>Which of pg_dump's formats a table of contents belongs to; the numbers are those in the file.</summary>
public enum ArchiveFormat
{
    /// <summary>One file that holds everything: <c>pg_dump -Fc</c>.</summary>
    Custom = 1,

    /// <summary>
    /// A folder with <c>toc.dat</c> and a file for each table: <c>pg_dump -Fd</c>. It shares its number with the tar format.
    /// </summary>
    Directory = 3,
}

/// <summary>What an archive of pg_dump begins with.</summary>
public sealed record ArchiveHeader
{
    /// <summary>The archive's format version: 1.13 to 1.16 for PostgreSQL 10 to 18.</summary>
    public required Version Version { get; init; }

    public required ArchiveFormat Format { get; init; }

    /// <summary>Up to 1.14 zlib's level, from 1.15 on the algorithm; 0 is uncompressed in both.</summary>
    public required int Compression { get; init; }

    /// <summary>
    /// When the dump began, in the time zone of pg_dump: second, minute, hour, day, month less one, year less 1900, summer time.
    /// </summary>
    public required IReadOnlyList<int> CreatedAt { get; init; }

    public string? DatabaseName { get; init; }

    public string? ServerVersion { get; init; }

    public string? ToolVersion { get; init; }

    internal bool HasAccessMethods => Version >= new Version(1, 14);

    internal bool HasAlgorithm => Version >= new Version(1, 15);

    internal bool HasRelationKinds => Version >= new Version(1, 16);
}
