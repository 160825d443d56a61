namespace Larder.Engine.Monitoring;

/// <summary>
/// Whether a channel is told now. Computed from what it was told before and how it stands, so that a restart changes nothing.
/// </summary>
public static class AlertDecision
{
    /// <param name="told">What the channel was last told of this thing; null for nothing yet.</param>
    /// <param name="level">How it stands now.</param>
    /// <param name="takes">Whether the channel wants to hear of it where it is not well.</param>
    /// <param name="takesRecovery">Whether it wants to hear that it is well again.</param>
    /// <param name="cooldown">How long the same thing is not told again.</param>
    /// <param name="now">The moment.</param>
    public static Telling Decide(
        Told? told, AlertLevel level, bool takes, bool takesRecovery, TimeSpan cooldown, DateTimeOffset now)
    {
        if (level < AlertLevel.Warning)
        {
            return told is not { IsOpen: true } ? Telling.Nothing : takesRecovery ? Telling.Recovered : Telling.Close;
        }
        if (!takes)
        {
            return Telling.Nothing;
        }

        // Worse than what was told is news at once. A moment in the future was written before the clock was set back.
        return told is null || level > told.Level || told.At > now || now - told.At >= cooldown ? Telling.Wrong : Telling.Nothing;
    }

    /// <summary>What the channel has been told after it was.</summary>
    public static Told After(Told? told, Telling telling, AlertLevel level, DateTimeOffset now) => telling switch
    {
        Telling.Wrong => new Told(now, level, IsOpen: true),

        // When it was told stays: a thing that comes and goes is told no more often for it.
        _ => (told ?? new Told(now, level, IsOpen: false)) with { IsOpen = false },
    };
}

/// <summary>What a channel is told.</summary>
public enum Telling
{
    Nothing,
    Wrong,
    Recovered,

    /// <summary>It is well again, and the channel does not want to hear of that.</summary>
    Close,
}

/// <param name="At">When it was last told that the thing is not well.</param>
/// <param name="Level">As how bad.</param>
/// <param name="IsOpen">Whether it believes so still.</param>
public sealed record Told(DateTimeOffset At, AlertLevel Level, bool IsOpen);
