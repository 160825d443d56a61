using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Larder.Api;

/// <summary>JSON of the API: snake_case, and no key in a request that nobody would look at.</summary>
internal static class ApiJson
{
    private static readonly JsonWriterOptions Writing = new() { Indented = false };

    /// <summary>On one line. Letters that could end a string in a page are escaped.</summary>
    public static string Write(JsonNode document)
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Writing))
        {
            document.WriteTo(writer);
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ApprovalBody))]
[JsonSerializable(typeof(BackupBody))]
[JsonSerializable(typeof(CleanupBody))]
[JsonSerializable(typeof(CopyBody))]
[JsonSerializable(typeof(DeleteBody))]
[JsonSerializable(typeof(DrillBody))]
[JsonSerializable(typeof(KeyBody))]
[JsonSerializable(typeof(LoginBody))]
[JsonSerializable(typeof(OwnerBody))]
[JsonSerializable(typeof(PasswordBody))]
[JsonSerializable(typeof(RestoreBody))]
[JsonSerializable(typeof(RoleBody))]
[JsonSerializable(typeof(RollbackBody))]
[JsonSerializable(typeof(SeedBackupBody))]
[JsonSerializable(typeof(SeedDescriptionBody))]
[JsonSerializable(typeof(SeedRestoreBody))]
[JsonSerializable(typeof(SyncBody))]
[JsonSerializable(typeof(TokenBody))]
[JsonSerializable(typeof(UserBody))]
[JsonSerializable(typeof(VerifyBody))]
internal sealed partial class BodyJson : JsonSerializerContext;
