using Larder.Engine.Errors;

namespace Larder.Engine.Catalog;

/// <summary>One execution of anything, as the catalog has it.</summary>
public sealed record Run
{
    /// <summary>32 hex digits, see <see cref="RunId"/>.</summary>
    public required string Id { get; init; }

    public required RunKind Kind { get; init; }

    /// <summary>Null where it concerns no one job, such as a copy between repositories.</summary>
    public string? Job { get; init; }

    public required RunStatus Status { get; init; }

    /// <summary>What started it: <c>manual</c>, <c>schedule</c>, <c>api</c>, …</summary>
    public required string Trigger { get; init; }

    public string? CreatedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public string? BackupId { get; init; }

    public long? SizeBytes { get; init; }

    public long? AddedBytes { get; init; }

    public int? ExitStatus { get; init; }

    /// <summary>Such as <c>LARDER-051</c>.</summary>
    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    public string? Hint { get; init; }

    /// <summary>The process that executes or executed it.</summary>
    public required ProcessIdentity Process { get; init; }
}

/// <summary>What is known when a run begins.</summary>
public sealed record NewRun
{
    public required string Id { get; init; }

    public required RunKind Kind { get; init; }

    public string? Job { get; init; }

    public string Trigger { get; init; } = "manual";

    public string? CreatedBy { get; init; }

    /// <summary>When it began, where that is noted afterwards; null: now.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>What is known when a run has ended.</summary>
public sealed record RunResult
{
    public required RunStatus Status { get; init; }

    public string? BackupId { get; init; }

    public long? SizeBytes { get; init; }

    public long? AddedBytes { get; init; }

    public ExitStatus ExitStatus { get; init; }

    /// <summary>Null where all went well.</summary>
    public ErrorReport? Error { get; init; }

    public static RunResult Success { get; } = new() { Status = RunStatus.Success, ExitStatus = ExitStatus.Done };

    public static RunResult Failed(ErrorReport error) => new()
    {
        Status = error.ExitStatus == ExitStatus.Interrupted ? RunStatus.Cancelled : RunStatus.Failed,
        ExitStatus = error.ExitStatus,
        Error = error,
    };
}

/// <summary>One line of what happened in a run.</summary>
/// <param name="Number">Ascending within the catalog.</param>
public sealed record RunEvent(long Number, DateTimeOffset At, EventLevel Level, string Message);

/// <summary>Which runs are asked for; what is null does not matter.</summary>
public sealed record RunFilter
{
    public string? Job { get; init; }

    /// <summary>Only runs of one of these jobs.</summary>
    public IReadOnlyList<string>? Jobs { get; init; }

    public RunKind? Kind { get; init; }

    public RunStatus? Status { get; init; }

    public string? BackupId { get; init; }

    public DateTimeOffset? StartedFrom { get; init; }

    public int Offset { get; init; }

    public int Limit { get; init; } = 50;
}

/// <summary>A page of runs, newest first.</summary>
/// <param name="Total">How many the filter fits, on all pages.</param>
public sealed record RunPage(IReadOnlyList<Run> Runs, long Total);
