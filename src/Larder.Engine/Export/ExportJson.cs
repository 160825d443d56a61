using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Export;

/// <summary>What `export --json` prints: one document, indented, without a newline at its end.</summary>
public static class ExportJson
{
    public static string Write(ExportResult result) => JsonSerializer.Serialize(result, ExportJsonContext.Default.ExportResult);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ExportResult))]
internal sealed partial class ExportJsonContext : JsonSerializerContext;
