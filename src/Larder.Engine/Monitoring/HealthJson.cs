using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Monitoring;

/// <summary>The report as JSON.</summary>
internal static class HealthJson
{
    private static readonly HealthJsonContext ForPeople = new(JsonForPeople.Options(HealthJsonContext.Default.Options));

    public static string Write(HealthReport report) => JsonSerializer.Serialize(report, ForPeople.HealthReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class HealthJsonContext : JsonSerializerContext;
