using Larder.Sources.Dumps;

namespace Larder.Engine.Restore;

/// <summary>What a user asks to have restored.</summary>
public sealed record RestoreRequest
{
    /// <summary>Each table that a server is given at once takes 8 MiB to read ahead: 16 of them 128 MiB.</summary>
    public const int JobsMax = 16;

    /// <summary>As typed: an id's beginning, a timestamp, <c>latest</c>, with <c>JOB:</c> before it or not.</summary>
    public required string Backup { get; init; }

    /// <summary>Read from this repository alone; null for the first that can be opened.</summary>
    public string? Repository { get; init; }

    /// <summary>Names of sources; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>
    /// A file or folder inside a source, its names quoted as `larder ls` shows them, or a table, collection or database by its name in the
    /// manifest; null for everything.
    /// </summary>
    public string? Entry { get; init; }

    /// <summary>A path, or the URL of a database server; null is in place. See <see cref="RestoreHelp.TargetRules"/>.</summary>
    public string? Target { get; init; }

    /// <summary>One of the job's environments, which says where each source goes; not together with <see cref="Target"/>.</summary>
    public string? Environment { get; init; }

    /// <summary>Of a database server, definitions or rows alone.</summary>
    public DumpPart Part { get; init; } = DumpPart.All;

    /// <summary>How many tables or collections a server is given at once; null for as many as the machine has processors.</summary>
    public int? Jobs { get; init; }

    /// <summary>The server's accounts too: roles and globals, users.</summary>
    public bool WithUsers { get; init; }

    /// <summary>
    /// Whether what stands there is written over where it is, for who lacks the space or the rights for writing beside it.
    /// </summary>
    public bool Overwrites { get; init; }

    /// <summary>What the one entry is called that is restored beside the live one; null for its own name.</summary>
    public string? EntryName { get; init; }

    /// <summary>Whether no safety backup is made.</summary>
    public bool SkipsSafety { get; init; }

    /// <summary>
    /// Whether it is a part of another restore's way back: no safety backup, no service, no journal of its own way back.
    /// </summary>
    internal bool IsBare { get; init; }

    /// <summary>Whether the user said `--confirm`. A plan can be made without, not executed.</summary>
    public bool IsConfirmed { get; init; }
}
