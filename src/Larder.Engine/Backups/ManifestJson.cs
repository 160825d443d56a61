using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Backups;

/// <summary>The bytes of <c>manifest.json</c>: UTF-8, snake_case, indented, for people without Larder too.</summary>
public static class ManifestJson
{
    public const string FileName = "manifest.json";

    private static readonly ManifestContext ForPeople = new(JsonForPeople.Options(ManifestContext.Default.Options));

    public static byte[] Write(Manifest manifest) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ForPeople.Manifest), (byte)'\n'];

    /// <summary>
    /// Strict in what it knows, and indifferent to fields that it does not know. Fails with <see cref="LarderException"/>:
    /// <see cref="EngineError.ManifestTooNew"/> or <see cref="EngineError.ManifestInvalid"/>.
    /// </summary>
    public static Manifest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            // Asked first: a newer format may well lack what this one requires.
            var format = JsonSerializer.Deserialize(json, ManifestContext.Default.ManifestFormat)?.FormatVersion
                ?? throw new JsonException("it is null");
            if (format > Manifest.NewestFormat)
            {
                throw new LarderException(
                    EngineError.ManifestTooNew,
                    $"The manifest has format {format}, and this version of Larder knows formats up to {Manifest.NewestFormat}.");
            }
            var manifest = JsonSerializer.Deserialize(json, ManifestContext.Default.Manifest)!;
            Check(manifest);
            return manifest;
        }
        catch (JsonException exception)
        {
            throw new LarderException(EngineError.ManifestInvalid, $"The manifest is not valid: {exception.Message}", exception);
        }
    }

    // What the types cannot say.
    private static void Check(Manifest manifest)
    {
        var problem = manifest switch
        {
            { FormatVersion: < 1 } => $"its format is {manifest.FormatVersion}",
            { Job: "" } => "it names no job",
            _ when !BackupTime.IsTimestamp(manifest.Timestamp) => $"\"{manifest.Timestamp}\" is not a timestamp",
            { SizeBytes: < 0 } => "its size is negative",
            _ when HasNull(manifest) => "a list in it holds null",
            _ when manifest.Sources.GroupBy(source => source.Name, StringComparer.Ordinal)
                .FirstOrDefault(name => name.Count() > 1) is { } twice =>
                $"source \"{twice.Key}\" is listed twice",
            _ => null,
        };
        if (problem is not null)
        {
            throw new LarderException(EngineError.ManifestInvalid, $"The manifest is not valid: {problem}.");
        }
    }

    // The serializer refuses null where a property must not be null, but lets it pass inside lists.
    private static bool HasNull(Manifest manifest) =>
        manifest.Tags.Any(tag => tag is null)
        || manifest.Warnings.Any(warning => warning is null)
        || manifest.Repositories.Any(repository => repository is null)
        || manifest.Sources.Any(source => source is null
            || source.Paths.Any(path => path is null)
            || source.Warnings.Any(warning => warning is null)
            || source.NotCaptured.Any(one => one is null)
            || source.Entries.Any(entry => entry is null || entry.Segments.Any(segment => segment is null)));
}

/// <summary>Only the version, to be read before anything else.</summary>
internal sealed record ManifestFormat
{
    public required int FormatVersion { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    Converters = [typeof(BackupStatusConverter)])]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(ManifestFormat))]
internal sealed partial class ManifestContext : JsonSerializerContext;

/// <summary>A status as its word, never as a number.</summary>
internal sealed class BackupStatusConverter()
    : JsonStringEnumConverter<BackupStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
