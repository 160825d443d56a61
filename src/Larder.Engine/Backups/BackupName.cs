using System.Buffers;
using Larder.Engine.Errors;

namespace Larder.Engine.Backups;

/// <summary>
/// What a user types to name a backup: the beginning of an id, a timestamp, or <c>latest</c>; each with <c>JOB:</c> before it or not.
/// </summary>
public sealed record BackupName
{
    /// <summary>Hex digits of an id that are needed, as for git: fewer are more likely a slip than a name.</summary>
    public const int IdDigitsMin = 4;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private BackupName(string text, string? job, BackupNameKind kind, string value) => (Text, Job, Kind, Value) = (text, job, kind, value);

    /// <summary>As it was typed.</summary>
    public string Text { get; }

    public string? Job { get; }

    public BackupNameKind Kind { get; }

    /// <summary>The id's beginning in lower case, or the timestamp, or <c>latest</c>.</summary>
    public string Value { get; }

    /// <summary>Fails with <see cref="EngineError.BackupNameInvalid"/>.</summary>
    public static BackupName Parse(string text)
    {
        // The last colon: whatever a job may be called, no name of a backup holds one.
        var colon = text.LastIndexOf(':');
        var job = colon >= 0 ? text[..colon] : null;
        var value = text[(colon + 1)..].Trim();
        var lower = value.ToLowerInvariant();
        BackupNameKind? kind = value switch
        {
            "latest" => BackupNameKind.Latest,
            _ when BackupTime.IsTimestamp(value) => BackupNameKind.Timestamp,
            _ when lower.Length is >= IdDigitsMin and <= 64 && !lower.AsSpan().ContainsAnyExcept(HexDigits) => BackupNameKind.Id,
            _ => null,
        };
        if (kind is not { } found || job is "")
        {
            throw new LarderException(EngineError.BackupNameInvalid, $"\"{text}\" is not the name of a backup.");
        }
        return new BackupName(text, job, found, lower);
    }

    /// <summary>All that the name fits, newest first. <c>latest</c> fits at most one.</summary>
    public IReadOnlyList<Backup> Candidates(IEnumerable<Backup> backups)
    {
        var ordered = backups.Where(backup => Job is null || backup.Job == Job)
            .OrderByDescending(backup => backup.CreatedAt)
            .ThenBy(backup => backup.BackupId, StringComparer.Ordinal);
        return Kind switch
        {
            BackupNameKind.Latest => [.. ordered.Where(backup => !backup.IsSafety).Take(1)],
            BackupNameKind.Timestamp => [.. ordered.Where(backup => backup.Timestamp == Value)],

            // The ids that stock restic shows name it too; they differ where the snapshot was copied or rewritten.
            _ =>
            [
                .. ordered.Where(backup => HasPrefix(backup.BackupId)
                    || backup.Places.Any(place => HasPrefix(place.SnapshotId.ToString()))),
            ],
        };
    }

    /// <summary>
    /// The one backup that the name fits. Fails with <see cref="EngineError.UnknownBackup"/>, or with
    /// <see cref="EngineError.AmbiguousBackupName"/> and the candidates in the message.
    /// </summary>
    public Backup Resolve(IEnumerable<Backup> backups)
    {
        var candidates = Candidates(backups);
        return candidates.Count switch
        {
            1 => candidates[0],
            0 =>
                throw new LarderException(EngineError.UnknownBackup, Nothing()) { Context = new ErrorContext { Backup = Text, Job = Job } },
            _ => throw new LarderException(
                EngineError.AmbiguousBackupName,
                $"\"{Text}\" fits {candidates.Count} backups: "
                + $"{Listed(candidates)}.") { Context = new ErrorContext { Backup = Text, Job = Job } },
        };
    }

    private bool HasPrefix(string id) => id.StartsWith(Value, StringComparison.Ordinal);

    private string Nothing() => (Kind, Job) switch
    {
        (BackupNameKind.Latest, null) => "There is no backup yet.",
        (BackupNameKind.Latest, _) => $"There is no backup of job \"{Job}\" yet.",
        _ => $"No backup is named \"{Text}\".",
    };

    private static string Listed(IReadOnlyList<Backup> candidates)
    {
        const int ShownMax = 5;
        var shown = candidates.Take(ShownMax)
            .Select(backup => $"{backup.BackupId[..12]} ({backup.Job}, {backup.Timestamp}, {backup.CreatedAt:zzz})");
        return string.Join(", ", shown) + (candidates.Count > ShownMax ? $" and {candidates.Count - ShownMax} more" : "");
    }
}

/// <summary>How a backup is named.</summary>
public enum BackupNameKind
{
    Id,
    Timestamp,
    Latest,
}
