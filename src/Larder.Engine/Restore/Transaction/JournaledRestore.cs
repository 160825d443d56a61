namespace Larder.Engine.Restore.Transaction;

/// <summary>What a journal says, read from its beginning to its end.</summary>
internal sealed record JournaledRestore
{
    public required RestoreRecord Record { get; init; }

    public required IReadOnlyList<StageNote> Notes { get; init; }

    /// <summary>Null while it is in progress, and after a kill.</summary>
    public RestoreEnd? End { get; init; }

    /// <summary>The moment of the last line.</summary>
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>The backup of what stood at the targets; null where there is none.</summary>
    public string? SafetyBackup => Notes.LastOrDefault(note => note is { Stage: RestoreStage.SafetyBackup, Detail: not null })?.Detail;

    public bool HasBegun(RestoreStage stage, int? part = null) =>
        Notes.Any(note => note.Stage == stage && (part is null || note.Part == part));

    public bool HasEnded(RestoreStage stage, int? part = null) =>
        Notes.Any(note => note.Stage == stage && note.Ended && (part is null || note.Part == part));

    /// <summary>Whether every part is in its place.</summary>
    public bool IsExchanged => Record.Parts.All(part =>
        HasEnded(
            part.IsNested ? RestoreStage.Write : part.Exchange is null ? RestoreStage.Overwrite : RestoreStage.Exchange, part.Number));

    /// <summary>Whether anybody but this restore may have noticed it.</summary>
    public bool WasNoticeable =>
        HasBegun(RestoreStage.ServiceStop) || HasBegun(RestoreStage.Overwrite) || HasEnded(RestoreStage.Exchange);

    /// <summary>What was being done when the journal breaks off.</summary>
    public RestoreStage? Interrupted => Notes.Count > 0 && !Notes[^1].Ended ? Notes[^1].Stage : null;

    /// <summary>Folds the lines of a journal; null where not even its first line is whole.</summary>
    public static JournaledRestore? Of(IReadOnlyList<JournalLine> lines) => lines is [{ Restore: { } record }, ..]
        ? new JournaledRestore
        {
            Record = record,
            Notes = [.. lines.Select(line => line.Stage).OfType<StageNote>()],
            // A rollback that has begun is under way again.
            End = lines.LastOrDefault(line => line.End is not null || line.Stage is { Stage: RestoreStage.Rollback, Ended: false })?.End,
            LastAt = lines[^1].At,
        }
        : null;
}
