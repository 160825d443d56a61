using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Verify;

/// <summary>The report as JSON.</summary>
internal static class VerifyJson
{
    private static readonly VerifyJsonContext ForPeople = new(JsonForPeople.Options(VerifyJsonContext.Default.Options));

    public static string Write(VerifyReport report) => JsonSerializer.Serialize(report, ForPeople.VerifyReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(VerifyReport))]
internal sealed partial class VerifyJsonContext : JsonSerializerContext;
