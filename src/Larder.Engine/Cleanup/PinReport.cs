using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Cleanup;

/// <summary>What pinning or unpinning did.</summary>
public sealed record PinReport
{
    /// <summary><c>success</c>; <c>partial</c> where some repositories failed; <c>failed</c> where all did.</summary>
    public required string Status { get; init; }

    public required IReadOnlyList<PinnedBackup> Backups { get; init; }

    public required IReadOnlyList<string> Hints { get; init; }

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

/// <summary>A backup as it is now.</summary>
/// <param name="BackupId">Unchanged by pinning, although its snapshot has a new id.</param>
/// <param name="Changed">The repositories in which the tag was rewritten; empty where it was so already.</param>
public sealed record PinnedBackup(
    string BackupId, string ShortId, string Timestamp, string Job, bool Pinned, IReadOnlyList<string> Changed);
