using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Maintenance;

/// <summary>Reports of this folder as JSON: one object, snake_case, indented, without a newline at its end.</summary>
internal static class MaintenanceJson
{
    private static readonly MaintenanceJsonContext ForPeople = new(JsonForPeople.Options(MaintenanceJsonContext.Default.Options));

    public static string Write(CopyReport report) => JsonSerializer.Serialize(report, ForPeople.CopyReport);

    public static string Write(KeyReport report) => JsonSerializer.Serialize(report, ForPeople.KeyReport);

    public static string Write(UnlockReport report) => JsonSerializer.Serialize(report, ForPeople.UnlockReport);

    public static string Write(RepairIndexReport report) => JsonSerializer.Serialize(report, ForPeople.RepairIndexReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(KeyReport))]
[JsonSerializable(typeof(UnlockReport))]
[JsonSerializable(typeof(RepairIndexReport))]
internal sealed partial class MaintenanceJsonContext : JsonSerializerContext;
