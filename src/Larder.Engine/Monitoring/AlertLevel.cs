using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Monitoring;

/// <summary>How bad it is, worst last.</summary>
[JsonConverter(typeof(AlertLevelConverter))]
public enum AlertLevel
{
    /// <summary>All is well, or something happened that people may want to know.</summary>
    Info,

    /// <summary>Not well, and no backup is in danger yet: an old backup, a full disk.</summary>
    Warning,

    /// <summary>A backup failed, was missed or is damaged.</summary>
    Error,

    /// <summary>There is nothing to restore from, or nothing can be backed up.</summary>
    Critical,
}

/// <summary>A level as its word in JSON and in the catalog.</summary>
internal sealed class AlertLevelConverter()
    : JsonStringEnumConverter<AlertLevel>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
