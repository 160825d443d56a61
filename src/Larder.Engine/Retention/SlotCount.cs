namespace Larder.Engine.Retention;

/// <summary>
/// Deals out one <see cref="Slot"/>'s periods to backups that come newest first. Periods are remembered in a set, not compared
/// with the one before: where clocks go back across midnight, a day is met, left and met again.
/// </summary>
internal sealed class SlotCount(Slot slot, TimeZoneInfo zone, int available, string of = "")
{
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private int used;

    public int Left => available - used;

    /// <summary>Whether this backup is the newest of a period for which there is room.</summary>
    public bool TryTake(RetentionCandidate backup)
    {
        if (used == available || (slot.Period is not null && !taken.Add(PeriodOf(backup)!)))
        {
            return false;
        }
        used++;
        return true;
    }

    /// <summary>Takes a period out of the game: what comes later cannot have it.</summary>
    public void Close(RetentionCandidate backup)
    {
        if (PeriodOf(backup) is { } period)
        {
            taken.Add(period);
        }
    }

    /// <summary>Why the backup that has just been refused has no slot here.</summary>
    public string Refusal(RetentionCandidate backup) => PeriodOf(backup) is { } period && taken.Contains(period)
        ? $"{slot.Word} {period} is filled"
        : $"{slot.Word} {used} of {available}{of} filled";

    private string? PeriodOf(RetentionCandidate backup) => slot.Period?.Invoke(TimeZoneInfo.ConvertTime(backup.CreatedAt, zone));
}
