using System.Text.Json.Serialization;

namespace Larder.Engine.Backups;

/// <summary>
/// <c>manifest.json</c>: everything about a backup that must survive the loss of Larder. Written once, last before the snapshot, and
/// never changed.
/// What changes afterwards (a pin) is a tag of the snapshot. A list that the file leaves out is empty: the generated reader passes null
/// for it, hence
/// the <c>?? []</c> of the lists.
/// </summary>
public sealed record Manifest
{
    /// <summary>The newest format that this program knows. A field more is no new format; a field with another meaning is.</summary>
    public const int NewestFormat = 1;

    public int FormatVersion { get; init; } = NewestFormat;

    public required string Job { get; init; }

    public required string RunId { get; init; }

    /// <summary>When it began, <c>YYYYMMDD_HHMMSS</c> in <see cref="TimeZone"/>.</summary>
    public required string Timestamp { get; init; }

    /// <summary>When it began, with the offset of <see cref="TimeZone"/>.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The job's IANA time zone, such as <c>Europe/Berlin</c>.</summary>
    public required string TimeZone { get; init; }

    public required BackupStatus Status { get; init; }

    public string? Description { get; init; }

    /// <summary>The user's own tags.</summary>
    public IReadOnlyList<string> Tags { get; init => field = value ?? []; } = [];

    /// <summary>What started it: <c>manual</c>, <c>schedule</c>, <c>api</c>, …</summary>
    public required string Trigger { get; init; }

    public string? CreatedBy { get; init; }

    public required string LarderVersion { get; init; }

    public required string Host { get; init; }

    public string? GitCommit { get; init; }

    public string? GitBranch { get; init; }

    /// <summary>Bytes that a full restore writes.</summary>
    public required long SizeBytes { get; init; }

    public required double DurationSeconds { get; init; }

    public required IReadOnlyList<ManifestSource> Sources { get; init; }

    /// <summary>The repositories of the job, as it was when the manifest was written.</summary>
    public IReadOnlyList<ManifestRepository> Repositories { get; init => field = value ?? []; } = [];

    /// <summary>What concerns the backup as a whole.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = value ?? []; } = [];
}

/// <summary>One source of a backup: where its data came from and what was handed over.</summary>
public sealed record ManifestSource
{
    public required string Name { get; init; }

    public required string Engine { get; init; }

    /// <summary>
    /// Where it lay on its machine, absolute: the database's file, or the configured folders and files. Empty for servers and programs.
    /// </summary>
    public IReadOnlyList<string> Paths { get; init => field = value ?? []; } = [];

    public string? EngineVersion { get; init; }

    public string? ToolVersion { get; init; }

    public string? DatabaseName { get; init; }

    public string? DatabaseHost { get; init; }

    public string? Encoding { get; init; }

    /// <summary><c>snapshot</c> for one moment, <c>per file</c> where each file was read on its own.</summary>
    public required string Consistency { get; init; }

    public required double DurationSeconds { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>How many files it has in the backup.</summary>
    public required long Files { get; init; }

    public IReadOnlyList<ManifestEntry> Entries { get; init => field = value ?? []; } = [];

    /// <summary>The id of the source's directory in the repository, 64 hex digits: equal ids are equal contents.</summary>
    public string? Tree { get; init; }

    public IReadOnlyList<ManifestWarning> Warnings { get; init => field = value ?? []; } = [];

    /// <summary>What the source holds and a dump of its kind does not, and why. Not a fault.</summary>
    public IReadOnlyList<ManifestWarning> NotCaptured { get; init => field = value ?? []; } = [];

    public string? GitCommit { get; init; }

    public string? GitBranch { get; init; }

    public bool? GitDirty { get; init; }
}

/// <summary>One dumped object, with what proves its restore.</summary>
public sealed record ManifestEntry
{
    public required string Name { get; init; }

    public required string Kind { get; init; }

    /// <summary>The path of its file, inside the source.</summary>
    public required string File { get; init; }

    public long? Rows { get; init; }

    public long? Bytes { get; init; }

    /// <summary><c>ROWS:32 hex digits</c>, see <see cref="Larder.Sources.Fingerprint"/>.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Whether it is a table or collection with rows, and not what describes them, who may use them, or a log.</summary>
    [JsonIgnore]
    public bool HasRows => Rows is not null && Kind is not ("schema" or "oplog" or "users" or "roles" or "version");

    /// <summary>How long handing it over took; null where it was not measured, as in older manifests.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>The files whose contents in this order are the entry's content. One, for now.</summary>
    public IReadOnlyList<ManifestSegment> Segments { get; init => field = value ?? []; } = [];
}

/// <summary>A piece of an entry's content.</summary>
public sealed record ManifestSegment(string File, long Bytes);

/// <summary>One thing left out or doubtful, and why.</summary>
/// <param name="Path">Where; empty for the source or backup as a whole.</param>
/// <param name="Reason">A whole sentence.</param>
/// <param name="Kind">
/// What programs go by: <see cref="EmptiedKind"/> or <see cref="EmptyKind"/>; null, and then not written, for all else.
/// </param>
public sealed record ManifestWarning(
    string Path, string Reason, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kind = null)
{
    /// <summary>Rows that the last good backup had are gone.</summary>
    public const string EmptiedKind = "emptied";

    /// <summary>A database server handed over no table or collection at all.</summary>
    public const string EmptyKind = "empty";
}

/// <summary>A repository of the job. <paramref name="FailedBecause"/> is null where the backup was written.</summary>
public sealed record ManifestRepository(string Name, string? FailedBecause = null);
