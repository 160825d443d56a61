namespace Larder.Sources;

/// <summary>One thing to back up. The contract that every source passes is <c>SourceContract</c> in the tests.</summary>
public interface ISource
{
    /// <summary>As in the configuration and on screen: <c>sqlite</c>, <c>files</c>, <c>command</c>, …</summary>
    string Engine { get; }

    /// <summary>
    /// A quick look without side effects: is it there, may it be read, how large is it? Fails with <see cref="SourceException"/>.
    /// </summary>
    Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Begins one consistent view of the source. Fails with <see cref="SourceException"/> before anything is handed over.
    /// </summary>
    Task<ISourceSession> OpenAsync(CancellationToken cancellationToken);
}

/// <summary>
/// One consistent view of a source, handed over once. Call order: <see cref="ReadEntriesAsync"/> to its end, then
/// <see cref="CompleteAsync"/>, then dispose. Disposing at any moment ends children, locks and temporary files. Not for concurrent use,
/// but for contents where <see cref="ContentsAtOnce"/> says so.
/// </summary>
public interface ISourceSession : IAsyncDisposable
{
    /// <summary>What is being read, known from the beginning.</summary>
    SourceDescription Description { get; }

    /// <summary>
    /// How many contents may be read side by side: so many less one may still be open when the next entry is asked for. All have been read
    /// to their end and disposed when <see cref="CompleteAsync"/> or <see cref="IAsyncDisposable.DisposeAsync"/> is called.
    /// </summary>
    int ContentsAtOnce => 1;

    /// <summary>
    /// The entries depth first: a directory before what it contains, and all that it contains before what follows it. Siblings come in no
    /// order.
    /// </summary>
    IAsyncEnumerable<SourceEntry> ReadEntriesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Confirms that everything handed over is whole and from one view: exit statuses are asked, checks are made.
    /// Fails with <see cref="SourceException"/> otherwise; then the backup is `failed`, even when every byte came.
    /// </summary>
    Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>What a quick look found.</summary>
public sealed record SourceProbe
{
    public string? EngineVersion { get; init; }

    /// <summary>About how many bytes a backup will read; null where it cannot be known.</summary>
    public long? EstimatedBytes { get; init; }
}

/// <summary>Where the data comes from, for the manifest.</summary>
public sealed record SourceDescription
{
    public required string Engine { get; init; }

    /// <summary>
    /// Where the source lies on this machine, absolute: what a restore in place goes back to. Empty for servers and programs.
    /// </summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    public string? EngineVersion { get; init; }

    public string? ToolVersion { get; init; }

    public string? DatabaseName { get; init; }

    public string? DatabaseHost { get; init; }

    public string? Encoding { get; init; }

    /// <summary>In words: <c>snapshot</c> for one moment, <c>per file</c> where each file is read on its own.</summary>
    public required string Consistency { get; init; }

    public long? EstimatedBytes { get; init; }

    public string? GitCommit { get; init; }

    public string? GitBranch { get; init; }

    /// <summary>Whether the git work tree had changes that the commit does not hold; null without git.</summary>
    public bool? GitDirty { get; init; }
}

/// <summary>What was handed over, known at the end.</summary>
public sealed record SourceOutcome
{
    /// <summary>The dumped objects with their figures. Empty for `files`, whose entries are the tree itself.</summary>
    public IReadOnlyList<EntryFacts> Entries { get; init; } = [];

    /// <summary>What was left out or is doubtful. Not empty: the backup is `partial`.</summary>
    public IReadOnlyList<SourceWarning> Warnings { get; init; } = [];

    /// <summary>
    /// What the source holds and a dump of this kind does not, with the reason, such as passwords of roles. Not a fault: the backup stays
    /// `success`, and the manifest says so.
    /// </summary>
    public IReadOnlyList<SourceWarning> NotCaptured { get; init; } = [];
}

/// <summary>One dumped object: a table, a collection, a program's output.</summary>
public sealed record EntryFacts
{
    /// <summary>Its name inside the source, such as a table's.</summary>
    public required string Name { get; init; }

    /// <summary><c>table</c>, <c>collection</c>, <c>output</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>The path of the file that holds it, inside the source.</summary>
    public required string File { get; init; }

    public long? Rows { get; init; }

    /// <summary>Bytes of content; null where an object shares its file with others.</summary>
    public long? Bytes { get; init; }

    public Fingerprint? Fingerprint { get; init; }

    /// <summary>How long handing it over took; null where it was not measured.</summary>
    public TimeSpan? Duration { get; init; }
}

/// <summary>One thing left out or doubtful, and why.</summary>
/// <param name="Path">Where, inside the source; empty for the source as a whole.</param>
/// <param name="Reason">A whole sentence for people.</param>
public sealed record SourceWarning(string Path, string Reason);
