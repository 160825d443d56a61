using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.SelfTests;

/// <summary>The report as JSON.</summary>
internal static class SelfTestJson
{
    private static readonly SelfTestJsonContext ForPeople = new(JsonForPeople.Options(SelfTestJsonContext.Default.Options));

    public static string Write(SelfTestReport report) => JsonSerializer.Serialize(report, ForPeople.SelfTestReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(SelfTestReport))]
internal sealed partial class SelfTestJsonContext : JsonSerializerContext;
