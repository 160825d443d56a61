using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Cleanup;

/// <summary>Plans and reports of this folder as JSON: one object, snake_case, indented, without a newline at its end.</summary>
internal static class CleanupJson
{
    private static readonly CleanupJsonContext ForPeople = new(JsonForPeople.Options(CleanupJsonContext.Default.Options));

    public static string Write(CleanupPlan plan) => JsonSerializer.Serialize(plan, ForPeople.CleanupPlan);

    public static string Write(CleanupReport report) => JsonSerializer.Serialize(report, ForPeople.CleanupReport);

    public static string Write(PinReport report) => JsonSerializer.Serialize(report, ForPeople.PinReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(CleanupPlan))]
[JsonSerializable(typeof(CleanupReport))]
[JsonSerializable(typeof(PinReport))]
internal sealed partial class CleanupJsonContext : JsonSerializerContext;
