namespace Larder.Engine.Export;

/// <summary>What a user asks to have exported.</summary>
public sealed record ExportRequest
{
    public const string StandardOutput = "-";

    /// <summary>As typed, like <see cref="Restore.RestoreRequest.Backup"/>.</summary>
    public required string Backup { get; init; }

    /// <summary>Read from this repository alone; null for the first that can be opened.</summary>
    public string? Repository { get; init; }

    /// <summary>A path, or <see cref="StandardOutput"/>.</summary>
    public required string To { get; init; }

    public ExportFormat Format { get; init; } = ExportFormat.Native;

    /// <summary>Names of sources; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>
    /// A file or folder inside a source, quoted as `larder ls` shows it; of SQL text out of a server's dump the name of a database.
    /// </summary>
    public string? Entry { get; init; }

    /// <summary>Replace a file that stands at <see cref="To"/>, or fill a folder that is not empty.</summary>
    public bool Force { get; init; }
}

/// <summary>Which other programs shall read it.</summary>
public enum ExportFormat
{
    /// <summary>Files as they are in the backup; to standard output exactly one file's bytes.</summary>
    Native,

    /// <summary>tar in PAX form, gzip.</summary>
    TarGz,

    /// <summary>SQL text of one SQLite, PostgreSQL, MySQL or MariaDB database, gzip.</summary>
    SqlGz,
}

/// <summary>How an export ended.</summary>
public sealed record ExportResult
{
    public required string BackupId { get; init; }

    /// <summary>The path that was written, or <c>-</c>.</summary>
    public required string To { get; init; }

    /// <summary><c>native</c>, <c>tar.gz</c>, <c>sql.gz</c>.</summary>
    public required string Format { get; init; }

    public required long Files { get; init; }

    /// <summary>Bytes of content that were read out of the backup.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that were written to <see cref="To"/>; for a folder the same as <see cref="Bytes"/>.</summary>
    public required long WrittenBytes { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>Not empty: partial.</summary>
    public required IReadOnlyList<Backups.ManifestWarning> Warnings { get; init; }
}
