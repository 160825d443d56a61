namespace Larder.Engine.Retention;

/// <summary>What becomes of one backup, and why.</summary>
public sealed record RetentionDecision
{
    public required RetentionCandidate Backup { get; init; }

    public required bool Keep { get; init; }

    /// <summary>
    /// Never empty. For a backup kept, everything that keeps it: <c>daily</c>, <c>within 7d</c>, <c>pinned</c>, …; for one removed,
    /// for each rule why it does not.
    /// </summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>The reasons as one line shows them: <c>daily, weekly</c> or <c>no slot left: daily 7 of 7 filled</c>.</summary>
    public string Why => Keep ? string.Join(", ", Reasons) : $"no slot left: {string.Join(", ", Reasons)}";

    /// <summary>Null where it fills none of these slots.</summary>
    public BackupCategory? Category { get; init; }
}
