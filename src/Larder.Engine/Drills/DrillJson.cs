using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Drills;

/// <summary>A drill as `--json` and as its evidence have it.</summary>
internal static class DrillJson
{
    private static readonly DrillJsonContext ForPeople = new(JsonForPeople.Options(DrillJsonContext.Default.Options));

    /// <summary>One document, indented, without a newline at its end.</summary>
    public static string Write(DrillSummary summary) => JsonSerializer.Serialize(summary, ForPeople.DrillSummary);

    /// <summary>On one line, for the evidence: what is signed must be the same bytes for ever.</summary>
    public static byte[] WriteOnOneLine(DrillReport report) =>
        JsonSerializer.SerializeToUtf8Bytes(report, OneLineDrillContext.Default.DrillReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(DrillSummary))]
internal sealed partial class DrillJsonContext : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DrillReport))]
internal sealed partial class OneLineDrillContext : JsonSerializerContext;
