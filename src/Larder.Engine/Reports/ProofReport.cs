using System.Text.Json.Serialization;
using Larder.Engine.Errors;
using Larder.Engine.Verify;

namespace Larder.Engine.Reports;

/// <summary>What proves that backups can be restored, and what is missing. `report --json` is <see cref="ToJson"/>.</summary>
public sealed record ProofReport
{
    /// <summary><c>success</c>, or <c>failed</c> where a job has no good backup or a repository could not be read.</summary>
    public string Status => Unreadable.Count == 0 && Jobs.All(job => job.LastGood is not null) ? "success" : "failed";

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>In the order of the configuration.</summary>
    public required IReadOnlyList<JobProof> Jobs { get; init; }

    /// <summary>Repositories that could not be read, and why: what is in them is not in the report.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>0, or 1 where <see cref="Status"/> is <c>failed</c>.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus => Status == "success" ? ExitStatus.Done : ExitStatus.Failed;

    public string ToJson() => ProofJson.Write(this);
}

/// <summary>What is known of one job.</summary>
public sealed record JobProof
{
    public required string Job { get; init; }

    /// <summary>Good ones and partial ones, without those made before a restore.</summary>
    public required int Backups { get; init; }

    /// <summary>Null where there is none.</summary>
    public required GoodBackup? LastGood { get; init; }

    /// <summary>The last of each level.</summary>
    public required IReadOnlyList<VerificationRecord> Verifications { get; init; }

    /// <summary>Null where it was never drilled.</summary>
    public required DrillProof? LastDrill { get; init; }

    /// <summary>The newest restores and rollbacks, newest first.</summary>
    public required IReadOnlyList<RestoreProof> Restores { get; init; }

    /// <summary>What restores replaced and is kept, so that they can be undone.</summary>
    public required IReadOnlyList<KeptProof> Kept { get; init; }

    /// <summary>What would be proof and does not exist, as whole sentences.</summary>
    public required IReadOnlyList<string> Missing { get; init; }
}

public sealed record GoodBackup(
    string BackupId, string ShortId, string Timestamp, DateTimeOffset CreatedAt, long SizeBytes, IReadOnlyList<string> Repositories);

/// <param name="Status"><c>success</c> or <c>failed</c>.</param>
/// <param name="RtoSeconds">How long the restore took; null where it is not known.</param>
/// <param name="Evidence">The file that says so; null where the run history alone does.</param>
public sealed record DrillProof(
    string RunId, string Status, DateTimeOffset FinishedAt, string? BackupId, double? RtoSeconds, string? Evidence);

/// <param name="Kind"><c>restore</c> or <c>rollback</c>.</param>
public sealed record RestoreProof(string RunId, string Kind, string Status, DateTimeOffset StartedAt, string? BackupId, string? Error);

public sealed record KeptProof(string RunId, IReadOnlyList<string> Targets, DateTimeOffset KeptUntil);
