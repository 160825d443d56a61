using System.Text.Json.Serialization;

namespace Larder.Engine.Restore.Transaction;

/// <summary>One line of a restore's journal: one of the three is set.</summary>
internal sealed record JournalLine
{
    public required DateTimeOffset At { get; init; }

    /// <summary>The first line's.</summary>
    public RestoreRecord? Restore { get; init; }

    public StageNote? Stage { get; init; }

    /// <summary>How it ended, so far: a later line counts more.</summary>
    public RestoreEnd? End { get; init; }
}

/// <param name="Stage">Which step.</param>
/// <param name="Part">Of which part; null where it concerns all.</param>
/// <param name="Ended">Whether it ended well; otherwise it begins.</param>
/// <param name="Detail">What it made: the id of the safety backup.</param>
internal sealed record StageNote(RestoreStage Stage, int? Part, bool Ended, string? Detail);

/// <summary>How a restore stands.</summary>
public enum RestoreEnd
{
    /// <summary>Done, and it can be undone.</summary>
    Finished,

    /// <summary>It failed or was interrupted, and what stood before is live; nothing of it is left.</summary>
    Undone,

    /// <summary>It was done, and undone on request; what it had restored is kept beside.</summary>
    RolledBack,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalLine))]
internal sealed partial class JournalJsonContext : JsonSerializerContext;
