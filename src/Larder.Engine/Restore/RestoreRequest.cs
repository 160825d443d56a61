namespace Larder.Engine.Restore;

/// <summary>What a user asks to have restored.</summary>
public sealed record RestoreRequest
{
    /// <summary>As typed: an id's beginning, a timestamp, <c>latest</c>, with <c>JOB:</c> before it or not.</summary>
    public required string Backup { get; init; }

    /// <summary>Read from this repository alone; null for the first that can be opened.</summary>
    public string? Repository { get; init; }

    /// <summary>Names of sources; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>A file or folder inside a source, its names quoted as `larder ls` shows them; null for everything.</summary>
    public string? Entry { get; init; }

    /// <summary>A path; null is in place. See <see cref="RestoreHelp.TargetRules"/>.</summary>
    public string? Target { get; init; }

    /// <summary>Whether the user said `--confirm`. A plan can be made without, not executed.</summary>
    public bool IsConfirmed { get; init; }
}
