namespace Larder.Sources.Dumps;

/// <summary>
/// Restores dumps of one engine into one server, which it was made for. A restore never leaves a half-written database where a good one
/// stood: it writes beside it and swaps at the end, or refuses.
/// </summary>
public interface IDumpRestore
{
    /// <summary>
    /// Looks at the dump and at the server and says what would be done. Changes nothing. Fails with <see cref="SourceException"/> where
    /// the server cannot be talked to or the dump not be read; what is understood and must not be done is among the refusals.
    /// </summary>
    Task<DumpRestorePlan> PlanAsync(IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Does what the plan says, reading the dump as a stream and writing nothing of its bulk to this machine's disk. Fails with
    /// <see cref="SourceException"/>; what stood on the server before then still stands.
    /// </summary>
    /// <param name="plan">Of the same dump and server, with no refusal.</param>
    /// <param name="advance">Told how many bytes more were handed to the server.</param>
    Task<DumpRestoreOutcome> RestoreAsync(
        IStoredDump dump, DumpRestorePlan plan, Action<long> advance, CancellationToken cancellationToken);
}

/// <summary>Which part of what is restored.</summary>
public enum DumpPart
{
    All,

    /// <summary>Definitions without rows.</summary>
    Schema,

    /// <summary>Rows into tables that are there.</summary>
    Data,
}

/// <summary>What is asked of a restore into a server.</summary>
public sealed record DumpRestoreRequest
{
    /// <summary>
    /// Objects by their names in the manifest (<see cref="EntryFacts.Name"/>) or the names of whole databases; empty for everything.
    /// </summary>
    public IReadOnlyList<string> Entries { get; init; } = [];

    public DumpPart Part { get; init; } = DumpPart.All;

    /// <summary>How many objects are written at once.</summary>
    public int Jobs { get; init; } = 2;

    /// <summary>The database to write to, where it is not the one that was dumped; only for dumps of one database.</summary>
    public string? DatabaseName { get; init; }

    /// <summary>Accounts of the server too: roles and globals, users.</summary>
    public bool WithUsers { get; init; }

    /// <summary>Whether databases, tables or collections that stand there may be replaced.</summary>
    public bool MayReplace { get; init; }

    /// <summary>What the manifest recorded of the entries; what is restored must be equal to it.</summary>
    public IReadOnlyList<EntryFacts> Recorded { get; init; } = [];
}

/// <summary>What a restore into a server will do, computed without side effects.</summary>
public sealed record DumpRestorePlan
{
    public required DumpRestoreRequest Request { get; init; }

    /// <summary>Where it goes, for people, with no secret in it: <c>postgresql://host:5432/name</c>.</summary>
    public required string Target { get; init; }

    /// <summary>What will be done, in order, each a whole sentence.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>What stands there and will be replaced, by name.</summary>
    public IReadOnlyList<string> Replaced { get; init; } = [];

    /// <summary>Why it will not be executed, each a whole sentence. Empty where it may.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    /// <summary>Bytes that will be read from the dump.</summary>
    public required long Bytes { get; init; }
}

/// <summary>What was restored into a server.</summary>
public sealed record DumpRestoreOutcome
{
    /// <summary>
    /// What stands there now, read back from the server where the engine allows it; compared with
    /// <see cref="DumpRestoreRequest.Recorded"/>.
    /// </summary>
    public required IReadOnlyList<EntryFacts> Entries { get; init; }

    /// <summary>What is not as it was. Not empty: the restore is `partial`.</summary>
    public IReadOnlyList<SourceWarning> Warnings { get; init; } = [];
}
