using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Backups;

/// <summary>
/// A backup as `--json` and the API show it. Every key is always there, except <c>warnings</c>, which is there when there are any, and
/// <c>sync_status</c> and <c>purged</c>, which the backup that was just made has where its job does such things.
/// </summary>
public sealed record BackupJson
{
    private static readonly BackupJsonContext ForPeople = new(JsonForPeople.Options(BackupJsonContext.Default.Options));

    public required string BackupId { get; init; }

    public required string ShortId { get; init; }

    public required string Timestamp { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string Job { get; init; }

    public required string Status { get; init; }

    public required string? Category { get; init; }

    public required string? Description { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string? CreatedBy { get; init; }

    public required IReadOnlyList<BackupSource> Sources { get; init; }

    public required long SizeBytes { get; init; }

    public required long? AddedBytes { get; init; }

    public required double DurationSeconds { get; init; }

    public required string? GitCommit { get; init; }

    public required string? GitBranch { get; init; }

    public required IReadOnlyList<string> Repositories { get; init; }

    public required bool Pinned { get; init; }

    /// <summary><c>success</c> or <c>failed</c>; null where it was never drilled.</summary>
    public required string? Drill { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ManifestWarning>? Warnings { get; init; }

    /// <summary><c>success</c>, <c>partial</c> or <c>failed</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SyncStatus { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PurgedCollection>? Purged { get; init; }

    public static BackupJson From(Backup backup) => new()
    {
        BackupId = backup.BackupId,
        ShortId = backup.ShortId,
        Timestamp = backup.Timestamp,
        CreatedAt = backup.CreatedAt,
        Job = backup.Job,
        Status = backup.Status.ToString().ToLowerInvariant(),
        Category = backup.Category?.ToString().ToLowerInvariant(),
        Description = backup.Description,
        Tags = backup.Tags,
        CreatedBy = backup.CreatedBy,
        Sources = backup.Sources,
        SizeBytes = backup.SizeBytes,
        AddedBytes = backup.AddedBytes,
        DurationSeconds = backup.DurationSeconds,
        GitCommit = backup.GitCommit,
        GitBranch = backup.GitBranch,
        Repositories = [.. backup.Repositories],
        Pinned = backup.Pinned,
        Drill = backup.Drill?.ToString().ToLowerInvariant(),
        Warnings = backup.Warnings.Count > 0 ? backup.Warnings : null,
    };

    /// <summary>One JSON object, indented, without a newline at its end.</summary>
    public static string Write(Backup backup) => JsonSerializer.Serialize(From(backup), ForPeople.BackupJson);

    /// <summary>The same of a backup that was just made, with what its run did besides; null for what its job does not do.</summary>
    public static string Write(Backup backup, string? syncStatus, IReadOnlyList<PurgedCollection>? purged) =>
        JsonSerializer.Serialize(From(backup) with { SyncStatus = syncStatus, Purged = purged }, ForPeople.BackupJson);

    /// <summary>One JSON array.</summary>
    public static string Write(IEnumerable<Backup> backups) =>
        JsonSerializer.Serialize([.. backups.Select(From)], ForPeople.BackupJsonArray);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(BackupJson))]
[JsonSerializable(typeof(BackupJson[]))]
public sealed partial class BackupJsonContext : JsonSerializerContext;
