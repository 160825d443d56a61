using System.Security.Cryptography;
using Larder.Sources.Exchanges;

namespace Larder.Sources.Dumps;

/// <summary>
/// Restores dumps of one engine into one server, which it was made for. A restore never leaves a half-written database where a good one
/// stood: it writes beside it, to be exchanged when all is checked, or in one transaction, or refuses.
/// </summary>
public interface IDumpRestore
{
    /// <summary>
    /// Looks at the dump and at the server and says what would be done. Changes nothing. Fails with <see cref="SourceException"/> where
    /// the server cannot be talked to or the dump not be read; what is understood and must not be done is among the refusals.
    /// </summary>
    Task<DumpRestorePlan> PlanAsync(IStoredDump dump, DumpRestoreRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Writes what the plan says, reading the dump as a stream and nothing of its bulk to this machine's disk. Where the plan has an
    /// <see cref="DumpRestorePlan.Exchange"/>, everything lies beside what is live afterwards, whole and counted, and the caller exchanges
    /// it; otherwise it is done. Fails with <see cref="SourceException"/>; what stood on the server before then still stands, and what was
    /// begun beside it is the caller's to forget.
    /// </summary>
    /// <param name="plan">Of the same dump and server, with no refusal.</param>
    /// <param name="advance">Told how many bytes more were handed to the server.</param>
    Task<DumpRestoreOutcome> RestoreAsync(
        IStoredDump dump, DumpRestorePlan plan, Action<long> advance, CancellationToken cancellationToken);

    /// <summary>The exchange that a plan's record speaks of, of this run or of another one long ago.</summary>
    IExchange ExchangeFor(ExchangeRecord record);
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

    /// <summary>Part of every name that is made, see <see cref="ExchangeNames"/>; by itself one that nobody else has.</summary>
    public string Token { get; init; } = RandomNumberGenerator.GetHexString(8, lowercase: true);

    /// <summary>
    /// Whether what stands there is overwritten where it is, without anything beside it: for who lacks the space or the rights. Where the
    /// engine can, in one transaction.
    /// </summary>
    public bool Overwrites { get; init; }

    /// <summary>Whether the content of everything is read back and compared, and not only its rows counted.</summary>
    public bool ReadsBack { get; init; }

    /// <summary>
    /// What the one entry that is restored shall be called: beside the live one, which stays. Null for its own name. Only with one entry.
    /// </summary>
    public string? EntryName { get; init; }

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

    /// <summary>The server's version; null where the adapter itself compares it with the dump's, or does not know it.</summary>
    public string? ServerVersion { get; init; }

    /// <summary>What will be done, in order, each a whole sentence.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>What stands there and will be replaced, by name.</summary>
    public IReadOnlyList<string> Replaced { get; init; } = [];

    /// <summary>What will be exchanged in the end; null where everything is done in one transaction in place.</summary>
    public ExchangeRecord? Exchange { get; init; }

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
