using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Cleanup;

/// <summary>What a cleanup or a removal did.</summary>
public sealed record CleanupReport
{
    /// <summary><c>success</c>; <c>partial</c> where some repositories failed; <c>failed</c> where all did.</summary>
    public required string Status { get; init; }

    public required string RunId { get; init; }

    /// <summary>Backups of which a copy was removed, each once.</summary>
    public required IReadOnlyList<DeletedBackup> Deleted { get; init; }

    /// <summary>Bytes that the storages have back.</summary>
    public required long FreedBytes { get; init; }

    /// <summary>Backups of the jobs concerned that are still there, each once.</summary>
    public required int Kept { get; init; }

    public required IReadOnlyList<RepositoryCleaned> Repositories { get; init; }

    public required IReadOnlyList<string> Hints { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>The first repository's error, as far as there is one; everything else was done nevertheless.</summary>
    [JsonIgnore]
    public ErrorReport? Error { get; init; }

    [JsonIgnore]
    public ExitStatus ExitStatus => Status switch
    {
        "success" => ExitStatus.Done,
        "partial" => ExitStatus.Partial,
        _ => Error?.ExitStatus ?? ExitStatus.Failed,
    };

    public string ToJson() => CleanupJson.Write(this);
}

/// <summary>A backup that was removed, and from where.</summary>
public sealed record DeletedBackup(string BackupId, string ShortId, string Timestamp, string Job, IReadOnlyList<string> Repositories);

/// <summary>What was done in one repository.</summary>
public sealed record RepositoryCleaned
{
    public required string Repository { get; init; }

    public int Deleted { get; init; }

    public long FreedBytes { get; init; }

    /// <summary>Such as <c>LARDER-045</c>, where it could not be done or not to the end; null otherwise.</summary>
    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }
}
