using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Drills;

/// <summary>How the drill of one backup went; what its evidence says.</summary>
public sealed record DrillReport
{
    public required string RunId { get; init; }

    public required string Job { get; init; }

    /// <summary>Null where the job has no backup; likewise the next three.</summary>
    public required string? BackupId { get; init; }

    public string? ShortId => BackupId?[..8];

    public required string? Timestamp { get; init; }

    /// <summary>The repository that was read.</summary>
    public required string? Repository { get; init; }

    /// <summary>SHA-256 of <c>manifest.json</c> as it is stored; null where it could not be read.</summary>
    public string? ManifestSha256 { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>
    /// <c>success</c> where everything was restored, is what was recorded, and fulfils every assertion; otherwise <c>failed</c>, also where
    /// it could not be done.
    /// </summary>
    public string Status => Errors.Count == 0 ? "success" : "failed";

    /// <summary>
    /// What a real restore would have taken: reading and writing, and comparing with the manifest. Null where nothing was restored.
    /// </summary>
    public double? RtoSeconds { get; init; }

    /// <summary>The sources that were meant; all of the backup's, unless some were chosen.</summary>
    public required IReadOnlyList<DrilledSource> Sources { get; init; }

    public required IReadOnlyList<DrillStep> Steps { get; init; }

    public required IReadOnlyList<DrilledEntry> Entries { get; init; }

    public required IReadOnlyList<AssertionResult> Assertions { get; init; }

    public required IReadOnlyList<DrillError> Errors { get; init; }

    /// <summary>What is worth knowing and no failure, in whole sentences.</summary>
    public IReadOnlyList<string> Hints { get; init; } = [];

    public required string LarderVersion { get; init; }

    public required string Host { get; init; }

    /// <summary>Damage, or a failed assertion, goes before what could not be done.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus => Errors.Count == 0 ? ExitStatus.Done
        : Errors.Any(error => error.ExitStatus == ExitStatus.Damage) ? ExitStatus.Damage : Errors[0].ExitStatus;
}

/// <param name="Where">What it was restored into; null where it was not.</param>
/// <param name="DumpedVersion">The version of the server that was dumped; null for files.</param>
public sealed record DrilledSource(string Source, string Engine, string? Where, string? DumpedVersion);

/// <summary>How long a part of a drill took.</summary>
/// <param name="Step"><c>start</c>, <c>restore</c>, <c>compare</c>, <c>assertions</c>, <c>tear_down</c>.</param>
public sealed record DrillStep(string Source, string Step, double Seconds);

/// <summary>A restored table, collection, file, or folder of files.</summary>
/// <param name="Entry">Its name in the manifest.</param>
/// <param name="Rows">What was found; files for a folder. Null where there is none of it.</param>
/// <param name="Recorded">What the manifest recorded.</param>
/// <param name="Match">Whether it is what was recorded, by number and content.</param>
/// <param name="Fingerprint">Of the rows as they were read back; null where there is none.</param>
/// <param name="Difference">What differs; null where nothing does.</param>
public sealed record DrilledEntry(
    string Source, string Entry, string Kind, long? Rows, long? Recorded, bool Match, string? Fingerprint, string? Difference);

/// <summary>What an assertion of the job was answered with.</summary>
/// <param name="Kind"><c>sql</c>, <c>command</c>, <c>shell</c>.</param>
/// <param name="Text">As the configuration has it.</param>
/// <param name="Passed">Whether it is true.</param>
/// <param name="Message">Why it is not; null where it is.</param>
public sealed record AssertionResult(string Source, string Kind, string Text, bool Passed, string? Message);

/// <summary>Why a drill is no success.</summary>
/// <param name="Source">Null where it concerns the backup as a whole.</param>
public sealed record DrillError(string Code, string Message, string Hint, string? Source, [property: JsonIgnore] ExitStatus ExitStatus)
{
    public static DrillError Of(ErrorReport error, string? source) => new(error.Code, error.Message, error.Hint, source, error.ExitStatus);
}
