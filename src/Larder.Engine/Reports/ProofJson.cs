using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Reports;

/// <summary>The report as JSON.</summary>
internal static class ProofJson
{
    private static readonly ProofJsonContext ForPeople = new(JsonForPeople.Options(ProofJsonContext.Default.Options));

    public static string Write(ProofReport report) => JsonSerializer.Serialize(report, ForPeople.ProofReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ProofReport))]
internal sealed partial class ProofJsonContext : JsonSerializerContext;
