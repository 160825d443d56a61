using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Verify;

/// <summary>
/// What a verification looked at and what it found. `verify --json` is <see cref="ToJson"/>, the text is <see cref="VerifyText"/>.
/// </summary>
public sealed record VerifyReport
{
    /// <summary><c>success</c> or <c>failed</c>. What could not be looked at is an error too: never green without having looked.</summary>
    public string Status => Errors.Count == 0 ? "success" : "failed";

    /// <summary><c>structure</c>, <c>data</c> or <c>content</c>.</summary>
    public required string Level { get; init; }

    /// <summary>Such as <c>1/7</c>; <c>1/1</c> is everything.</summary>
    public required string Subset { get; init; }

    public required string RunId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double DurationSeconds { get; init; }

    public required VerifyCounts Checked { get; init; }

    /// <summary>What is damaged, differs from what was recorded, or could not be looked at.</summary>
    public required IReadOnlyList<VerifyFinding> Errors { get; init; }

    /// <summary>What is doubtful and yet no damage. Whole sentences.</summary>
    public required IReadOnlyList<string> Hints { get; init; }

    /// <summary>5 where there is damage; otherwise, where something could not be looked at, that error's own status.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus => Errors.Count == 0
        ? ExitStatus.Done
        : Errors.Any(error => error.ExitStatus == ExitStatus.Damage) ? ExitStatus.Damage : Errors[0].ExitStatus;

    /// <summary>One JSON object, snake_case, indented, without a newline at its end.</summary>
    public string ToJson() => VerifyJson.Write(this);
}

/// <summary>How much was looked at.</summary>
public sealed record VerifyCounts
{
    /// <summary>The names of the repositories that could be opened.</summary>
    public IReadOnlyList<string> Repositories { get; init; } = [];

    /// <summary>Snapshots whose references were followed, in all repositories together.</summary>
    public int Backups { get; init; }

    public int Packs { get; init; }

    /// <summary>How many of the packs were read whole.</summary>
    public int PacksRead { get; init; }

    /// <summary>Stored bytes of the packs that were read.</summary>
    public long BytesRead { get; init; }

    public long Blobs { get; init; }

    /// <summary>Backups whose content was read and compared.</summary>
    public int Contents { get; init; }

    /// <summary>Files of those backups that were read to their end.</summary>
    public long Entries { get; init; }

    /// <summary>Rows that were counted and fingerprinted.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes of content that were read.</summary>
    public long ContentBytes { get; init; }
}

/// <summary>One thing that is wrong.</summary>
public sealed record VerifyFinding
{
    /// <summary>Such as <c>LARDER-051</c>.</summary>
    public required string Code { get; init; }

    /// <summary>A whole sentence: what, and where.</summary>
    public required string Message { get; init; }

    /// <summary>
    /// The stored file to blame, such as <c>data/3f/3f9a1c20…</c>, or the path inside the backup; null where no one file is to blame.
    /// </summary>
    public string? File { get; init; }

    /// <summary>The repository's name in the configuration.</summary>
    public required string Repository { get; init; }

    /// <summary>The backups that cannot be restored whole because of it.</summary>
    public IReadOnlyList<AffectedBackup> Backups { get; init; } = [];

    /// <summary>How the process ends because of it.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus { get; init; } = ExitStatus.Damage;
}

/// <summary>
/// A backup that damage touches. <paramref name="Job"/> and <paramref name="Timestamp"/> are null where its snapshot cannot be read,
/// <paramref name="Job"/> also where it is not Larder's.
/// </summary>
public sealed record AffectedBackup(string ShortId, string? Timestamp, string? Job);
