using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Doctor;

/// <summary>The report as JSON.</summary>
internal static class DoctorJson
{
    private static readonly DoctorJsonContext ForPeople = new(JsonForPeople.Options(DoctorJsonContext.Default.Options));

    public static string Write(DoctorReport report) => JsonSerializer.Serialize(report, ForPeople.DoctorReport);
}

/// <summary>A status as its word.</summary>
internal sealed class DoctorStatusConverter()
    : JsonStringEnumConverter<DoctorStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJsonContext : JsonSerializerContext;
