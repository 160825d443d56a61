using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Restore.Transaction;

namespace Larder.Engine.Restore;

/// <summary>
/// What a restore will do, computed without side effects: a dry run, the confirmation and the execution use the same one.
/// </summary>
public sealed record RestorePlan
{
    public required string BackupId { get; init; }

    public required string ShortId { get; init; }

    /// <summary>Null for a snapshot of another program.</summary>
    public string? Job { get; init; }

    public required string Timestamp { get; init; }

    /// <summary>The repository that is read.</summary>
    public required string Repository { get; init; }

    public string? Entry { get; init; }

    public required IReadOnlyList<RestoreLine> Lines { get; init; }

    /// <summary>Why it will not be executed. Empty where it may.</summary>
    public required IReadOnlyList<RestoreRefusal> Refusals { get; init; }

    /// <summary>What will be done, in order, each a whole sentence.</summary>
    public required IReadOnlyList<string> Stages { get; init; }

    /// <summary>Whether what stands there is backed up first.</summary>
    public bool TakesSafetyBackup => Safety is not null;

    /// <summary>Whether readers see all of the old or all of the new at every moment; otherwise a stage says what they may see.</summary>
    public bool IsAtomic => Steps.Where(step => step.Nested is null).ToList() is [{ Exchange.IsAtomic: true }];

    /// <summary>About how long it will take, by what restores of this job took before; null where there was none.</summary>
    public double? EstimatedSeconds { get; init; }

    /// <summary>Whole sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public bool IsConfirmed { get; init; }

    public long Files => Lines.Sum(line => line.Files);

    public long Bytes => Lines.Sum(line => line.Bytes);

    internal EngineContext Context { get; init; } = null!;

    internal ReadableBackup Source { get; init; } = null!;

    internal IReadOnlyList<RestoreStep> Steps { get; init; } = [];

    /// <summary>Of the run that will execute it, so that names are known before anything is made.</summary>
    internal string RunId { get; init; } = "";

    internal RestoreRequest Request { get; init; } = null!;

    /// <summary>Null where nothing stands there, or none was wished.</summary>
    internal SafetyBackup? Safety { get; init; }

    /// <summary>What is stopped and started around it; null for none.</summary>
    internal ServiceSettings? Service { get; init; }

    internal RestoreFolder Folder => new(Context.Configuration.StateDirectory);

    /// <summary>
    /// Fails with <see cref="Errors.LarderException"/> where the request cannot be understood: unknown backup, source or entry, a URL of
    /// another kind of server; and with <see cref="Larder.Sources.SourceException"/> where a server cannot be talked to. What is
    /// understood and must not be done is among the <see cref="Refusals"/>.
    /// </summary>
    public static Task<RestorePlan> ComputeAsync(EngineContext context, RestoreRequest request, CancellationToken cancellationToken) =>
        new RestorePlanner(context, request, cancellationToken).ComputeAsync();
}

/// <summary>One source and where it goes.</summary>
public sealed record RestoreLine
{
    public required string Source { get; init; }

    public required string Engine { get; init; }

    /// <summary>
    /// The folder, or for a SQLite database and a command's output the file, that will be written; the server without its secrets.
    /// </summary>
    public required string Target { get; init; }

    public required bool InPlace { get; init; }

    /// <summary>Files that are read, links and special files too.</summary>
    public required long Files { get; init; }

    public required long Folders { get; init; }

    public required long Bytes { get; init; }

    /// <summary>How many files stand there and will be replaced.</summary>
    public required long Overwritten { get; init; }

    /// <summary>Some of them, at most ten.</summary>
    public IReadOnlyList<string> OverwrittenExamples { get; init; } = [];

    /// <summary>Files and folders that stand in the folders to be filled, are not in the backup, and stay.</summary>
    public required long LeftAlone { get; init; }

    /// <summary>What the target's disk must have free at least.</summary>
    public required long NeededBytes { get; init; }

    /// <summary>What it has free; null where that cannot be told.</summary>
    public long? FreeBytes { get; init; }

    /// <summary>What is done to a database server, in order, each a whole sentence. Empty for files.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>What stands on a database server and will be replaced, all of it by name. Empty for files.</summary>
    public IReadOnlyList<string> Replaced { get; init; } = [];
}

/// <summary>Why a source will not be restored.</summary>
/// <param name="Source">Its name.</param>
/// <param name="Reason">A whole sentence.</param>
public sealed record RestoreRefusal(string Source, string Reason);
