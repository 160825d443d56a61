using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring;

/// <summary>What people can ask to be told of; the words of <c>on:</c>.</summary>
[JsonConverter(typeof(AlertEventConverter))]
public enum AlertEvent
{
    Start,
    Success,
    Partial,
    Failed,
    Cancelled,

    /// <summary>A backup that should be there is not: it did not begin when it was due, or the newest is too old.</summary>
    Missed,
    VerifyFailed,
    DrillFailed,

    /// <summary>A restore or rollback ended, however.</summary>
    Restore,

    /// <summary>Anything else that a check found: a disk, a size, a database, a repository, the service.</summary>
    Health,
    Recovered,
}

internal sealed class AlertEventConverter()
    : JsonStringEnumConverter<AlertEvent>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary>Which events a channel takes.</summary>
public static class AlertEvents
{
    // Whoever cancelled a run knows it. A restore is told to those who ask, and one that failed as failed.
    private static readonly AlertEvent[] ByDefault =
    [
        AlertEvent.Partial, AlertEvent.Failed, AlertEvent.Missed, AlertEvent.VerifyFailed, AlertEvent.DrillFailed, AlertEvent.Health,
        AlertEvent.Recovered,
    ];

    // A dead man's switch lives from what went well; it asks itself what was missed.
    private static readonly AlertEvent[] OfHealthchecks =
        [AlertEvent.Start, AlertEvent.Success, AlertEvent.Partial, AlertEvent.Failed];

    public static bool Takes(AlertSettings alert, AlertEvent what) => alert.On.Count > 0
        ? alert.On.Contains(EnumWord.Of(what))
        : (alert.Channel is WebhookChannel { Kind: "healthchecks" } ? OfHealthchecks : ByDefault).Contains(what);

    public static bool TakesJob(AlertSettings alert, string? job) => alert.Jobs.Count == 0 || (job is not null && alert.Jobs.Contains(job));
}
