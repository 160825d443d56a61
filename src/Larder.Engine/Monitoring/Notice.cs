namespace Larder.Engine.Monitoring;

/// <summary>One message to people, the same for every channel, which each renders in its own form. There is no secret in it.</summary>
public sealed record Notice
{
    /// <summary>The same for every attempt at every channel, so that a receiver can tell a repetition. 32 hex digits.</summary>
    public required string Id { get; init; }

    public required AlertEvent Event { get; init; }

    public required AlertLevel Level { get; init; }

    /// <summary>See <see cref="Condition.Key"/>.</summary>
    public required string Key { get; init; }

    public string? Job { get; init; }

    public required string Title { get; init; }

    public required string Message { get; init; }

    public string? Hint { get; init; }

    public required string Host { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Since when it was not well; null for what is no state.</summary>
    public DateTimeOffset? Since { get; init; }

    public string? RunId { get; init; }

    public IReadOnlyList<NoticeFact> Facts { get; init; } = [];
}

/// <summary>A line such as "Duration: 12 s".</summary>
public sealed record NoticeFact(string Name, string Value);
