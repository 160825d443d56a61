namespace Larder.Engine.Verify;

/// <summary>When a job was last verified at a level, and how that ended.</summary>
public sealed record VerificationRecord
{
    public required string Job { get; init; }

    /// <summary><c>structure</c>, <c>data</c> or <c>content</c>.</summary>
    public required string Level { get; init; }

    /// <summary>Such as <c>1/7</c>; <c>1/1</c> is everything.</summary>
    public required string Subset { get; init; }

    /// <summary><c>all</c> backups of the job, or those that were <c>named</c>.</summary>
    public required string Scope { get; init; }

    /// <summary><c>success</c> or <c>failed</c>.</summary>
    public required string Status { get; init; }

    public required string RunId { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public required IReadOnlyList<string> Repositories { get; init; }

    /// <summary>Errors of the whole verification, which may be of another job's backups too.</summary>
    public required int Errors { get; init; }
}
