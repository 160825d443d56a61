using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Engine.Backups;
using Larder.Engine.Restore.Transaction;

namespace Larder.Engine.Restore;

/// <summary>What `restore --json` prints: one document, indented, without a newline at its end.</summary>
public static class RestoreJson
{
    public static string Write(RestorePlan plan) => JsonSerializer.Serialize(plan, RestoreJsonContext.Default.RestorePlan);

    public static string Write(IReadOnlyList<RecoveredRestore> recovered) =>
        JsonSerializer.Serialize(recovered, RestoreJsonContext.Default.IReadOnlyListRecoveredRestore);

    public static string Write(RollbackPlan plan) => JsonSerializer.Serialize(plan, RestoreJsonContext.Default.RollbackPlan);

    public static string Write(RollbackResult result) => JsonSerializer.Serialize(result, RestoreJsonContext.Default.RollbackResult);

    public static string Write(RestoreResult result) => JsonSerializer.Serialize(result, RestoreJsonContext.Default.RestoreResult);
}

/// <summary>How a restore stands as its word.</summary>
internal sealed class RestoreEndConverter()
    : JsonStringEnumConverter<RestoreEnd>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    Converters = [typeof(BackupStatusConverter), typeof(RestoreEndConverter)])]
[JsonSerializable(typeof(IReadOnlyList<RecoveredRestore>))]
[JsonSerializable(typeof(RollbackPlan))]
[JsonSerializable(typeof(RollbackResult))]
[JsonSerializable(typeof(RestorePlan))]
[JsonSerializable(typeof(RestoreResult))]
internal sealed partial class RestoreJsonContext : JsonSerializerContext;
