using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Verify;

/// <summary>The report as JSON.</summary>
internal static class VerifyJson
{
    private static readonly VerifyJsonContext ForPeople = new(JsonForPeople.Options(VerifyJsonContext.Default.Options));

    public static string Write(VerifyReport report) => JsonSerializer.Serialize(report, ForPeople.VerifyReport);

    public static string Write(VerificationRecord record) => JsonSerializer.Serialize(record, ForPeople.VerificationRecord);

    /// <exception cref="JsonException">It is no record.</exception>
    public static VerificationRecord? ReadRecord(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, VerifyJsonContext.Default.VerificationRecord);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(VerificationRecord))]
internal sealed partial class VerifyJsonContext : JsonSerializerContext;
