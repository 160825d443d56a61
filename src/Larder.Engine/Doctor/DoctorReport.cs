using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Doctor;

/// <summary>What was examined and what to do about it.</summary>
public sealed record DoctorReport
{
    public required IReadOnlyList<DoctorCheck> Checks { get; init; }

    /// <summary>The worst of all checks.</summary>
    public DoctorStatus Status => Checks.Count == 0 ? DoctorStatus.Ok : Checks.Max(check => check.Status);

    /// <summary>0, or 1 where there is any problem; warnings alone are 0.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus => Status == DoctorStatus.Problem ? ExitStatus.Failed : ExitStatus.Done;

    /// <summary>One JSON object, snake_case, indented, without a newline at its end.</summary>
    public string ToJson() => DoctorJson.Write(this);
}

/// <summary>One thing that was looked at.</summary>
public sealed record DoctorCheck
{
    /// <summary>
    /// <c>configuration</c>, <c>repository</c>, <c>source</c>, <c>backups</c>, <c>catalog</c>, <c>libraries</c>, <c>programs</c>,
    /// <c>machine</c>, <c>terminal</c>.
    /// </summary>
    public required string Area { get; init; }

    /// <summary>Which one, such as a repository's name or <c>JOB/SOURCE</c>; empty where the area is one thing.</summary>
    public string Subject { get; init; } = "";

    public required DoctorStatus Status { get; init; }

    /// <summary>What was found, as a whole sentence.</summary>
    public required string Message { get; init; }

    /// <summary>What to do; null where all is well.</summary>
    public string? Advice { get; init; }
}

/// <summary>How it stands with one thing, worst last.</summary>
[JsonConverter(typeof(DoctorStatusConverter))]
public enum DoctorStatus
{
    Ok,
    Warning,
    Problem,
}
