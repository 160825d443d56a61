using System.Text.Json.Serialization;

namespace Larder.Engine.Monitoring;

/// <summary>How it stands with one thing now: what a check found, or how a run ended.</summary>
public sealed record Condition
{
    /// <summary>Names the thing for good: <c>freshness:journal</c>.</summary>
    [JsonIgnore]
    public string Key => $"{Check}:{Subject}";

    /// <summary>
    /// What was looked at: <c>backup</c>, <c>verify</c>, <c>drill</c>, <c>freshness</c>, <c>missed</c>, <c>size</c>, <c>disk</c>,
    /// <c>forecast</c>, <c>service</c>, <c>connection</c>, <c>repository</c>, <c>channel</c>, …
    /// </summary>
    public required string Check { get; init; }

    /// <summary>Which one: a job, a repository, <c>JOB/SOURCE</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>As whom it is told where it is not well.</summary>
    public required AlertEvent Event { get; init; }

    public required AlertLevel Level { get; init; }

    /// <summary>Null where it concerns no one job.</summary>
    public string? Job { get; init; }

    /// <summary>In a few words, for a subject line.</summary>
    public required string Title { get; init; }

    /// <summary>Whole sentences, with no secret in them.</summary>
    public required string Message { get; init; }

    /// <summary>What to do; null where all is well.</summary>
    public string? Hint { get; init; }

    /// <summary>Figures that belong to it, as words and values for people.</summary>
    [JsonIgnore]
    public IReadOnlyList<NoticeFact> Facts { get; init; } = [];

    /// <summary>The run that it comes from; null where it comes from a check.</summary>
    public string? RunId { get; init; }

    /// <summary>Told to every channel, whatever it asked for: that another one is broken.</summary>
    [JsonIgnore]
    public bool IsForEverybody { get; init; }

    [JsonIgnore]
    public bool IsWrong => Level >= AlertLevel.Warning;
}
