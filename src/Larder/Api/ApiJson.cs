using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Larder.Api;

/// <summary>JSON of the API: snake_case, and no key in a request that nobody would look at.</summary>
internal static class ApiJson
{
    /// <summary>On one line. Letters that could end a string in a page are escaped.</summary>
    public static string Write(JsonNode document) => document.ToJsonString();
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ApprovalBody))]
[JsonSerializable(typeof(BackupBody))]
[JsonSerializable(typeof(ChannelBody))]
[JsonSerializable(typeof(CleanupBody))]
[JsonSerializable(typeof(ConfigurationBody))]
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
[JsonSerializable(typeof(ScheduleBody))]
[JsonSerializable(typeof(SeedBackupBody))]
[JsonSerializable(typeof(SeedDescriptionBody))]
[JsonSerializable(typeof(SeedRestoreBody))]
[JsonSerializable(typeof(SelfTestBody))]
[JsonSerializable(typeof(SyncBody))]
[JsonSerializable(typeof(TokenBody))]
[JsonSerializable(typeof(UnlockBody))]
[JsonSerializable(typeof(UserBody))]
[JsonSerializable(typeof(VerifyBody))]
internal sealed partial class BodyJson : JsonSerializerContext;
