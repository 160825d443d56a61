namespace Larder.Engine.Drills;

/// <summary>What a user asks to have drilled.</summary>
public sealed record DrillRequest
{
    /// <summary>A job, whose latest backup is meant, or a backup as typed; null for the latest backup of every job.</summary>
    public string? Name { get; init; }

    /// <summary>Read from this repository alone; null for the first that can be opened.</summary>
    public string? Repository { get; init; }

    /// <summary>Names of sources; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];
}
