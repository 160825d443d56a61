using System.Text.Json.Serialization;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;
using Larder.Repository;

namespace Larder.Engine.Cleanup;

/// <summary>
/// What a cleanup would do, with a reason for every line: computed without side effects. `cleanup --dry-run` shows it, and
/// <see cref="CleanupRun"/> takes it.
/// </summary>
public sealed partial record CleanupPlan
{
    /// <summary>In the order of the configuration.</summary>
    public required IReadOnlyList<RepositoryCleanup> Repositories { get; init; }

    /// <summary>The job that was asked for; null for all.</summary>
    public required string? Job { get; init; }

    /// <summary>What restores replaced and is kept beside; what is due is removed.</summary>
    public IReadOnlyList<KeptData> Replaced { get; init; } = [];

    /// <summary>When the plan was made.</summary>
    [JsonIgnore]
    public DateTimeOffset Now { get; init; }

    internal IEnumerable<KeptData> Due => Replaced.Where(kept => kept.KeptUntil <= Now);

    /// <summary>What is left alone and why: jobs that are not configured, foreign snapshots.</summary>
    public required IReadOnlyList<string> Hints { get; init; }

    /// <summary>Copies that will be removed, in all repositories together.</summary>
    public int Removals => Repositories.Sum(repository => repository.Lines.Count(line => !line.Keep));

    /// <summary>About how many bytes the storages will have back.</summary>
    public long FreedBytes => Repositories.Sum(repository => repository.FreedBytes);

    public bool IsNothing => Removals == 0 && !Due.Any() && FreedBytes == 0 && Repositories.All(repository => repository.Error is null);

    /// <summary>The same of one repository alone; null leaves it as it is.</summary>
    public CleanupPlan OnlyIn(string? repository) => repository is null
        ? this
        : this with { Repositories = [.. Repositories.Where(one => one.Repository == repository)] };

    public string ToJson() => CleanupJson.Write(this);
}

/// <summary>What becomes of one repository.</summary>
public sealed record RepositoryCleanup
{
    public required string Repository { get; init; }

    /// <summary>By job, and in each job newest first.</summary>
    public IReadOnlyList<CleanupLine> Lines { get; init; } = [];

    /// <summary>About how many bytes will be freed: what only the removed backups need, and what was unused before.</summary>
    public long FreedBytes { get; init; }

    /// <summary>Such as <c>LARDER-041</c>, where the repository cannot be read or is damaged: then nothing in it will be removed.</summary>
    public string? ErrorCode => Error?.Code;

    public string? ErrorMessage => Error?.Message;

    [JsonIgnore]
    public ErrorReport? Error { get; init; }
}

/// <summary>What becomes of one backup in one repository.</summary>
public sealed record CleanupLine
{
    public required string BackupId { get; init; }

    public string ShortId => BackupId[..8];

    public required string Timestamp { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string Job { get; init; }

    /// <summary><c>success</c> or <c>partial</c>.</summary>
    public required string Status { get; init; }

    public required bool Pinned { get; init; }

    public required bool Keep { get; init; }

    /// <summary>Such as <c>daily, weekly</c>, or <c>no slot left: daily 7 of 7 filled</c>.</summary>
    public required string Why { get; init; }

    /// <summary><c>daily</c>, <c>weekly</c>, <c>monthly</c>, <c>yearly</c> or null.</summary>
    public required string? Category { get; init; }

    /// <summary>Its snapshots in this repository; more than one only after a crash while a pin was set.</summary>
    [JsonIgnore]
    public IReadOnlyList<SnapshotId> Snapshots { get; init; } = [];
}
