using System.Text.Json;
using Larder.Repository.Crypto;
using Larder.Repository.Storage;

namespace Larder.Repository;

/// <summary>The <c>config</c> file: what holds for the whole repository, for ever.</summary>
public sealed record RepositoryConfig
{
    public const int VersionNewest = 2;

    /// <summary>1 (no compression) or 2.</summary>
    public required int Version { get; init; }

    /// <summary>A random name of the repository, 64 hex digits.</summary>
    public required string Id { get; init; }

    public required RabinPolynomial ChunkerPolynomial { get; init; }

    public static RepositoryConfig Create() => new()
    {
        Version = VersionNewest,
        Id = Hash256.Random().ToString(),
        ChunkerPolynomial = RabinPolynomial.Random(),
    };

    public byte[] Encode()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("id", Id);
            json.WriteString("chunker_polynomial", ChunkerPolynomial.ToString());
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <summary>Opens the sealed config file.</summary>
    /// <exception cref="RepositoryException">As <see cref="Decode"/>; <see cref="RepositoryError.Damaged"/> where the box does not
    /// open.</exception>
    internal static RepositoryConfig Open(RepositoryKey key, byte[] box, string location)
    {
        var json = new byte[Math.Max(0, box.Length - RepositoryKey.OverheadBytes)];
        return box.Length >= RepositoryKey.OverheadBytes && key.TryOpen(box, json) ? Decode(json, location) : throw Damaged(location);
    }

    /// <exception cref="RepositoryException"><see cref="RepositoryError.Damaged"/>, or <see cref="RepositoryError.Unsupported"/> for a
    /// version that is not known.</exception>
    public static RepositoryConfig Decode(ReadOnlySpan<byte> json, string location)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            var version = root.GetProperty("version").GetInt32();
            if (version is < 1 or > VersionNewest)
            {
                throw new RepositoryException(
                    RepositoryError.Unsupported,
                    $"the repository at {location} has format version {version}; this program knows versions 1 and {VersionNewest}")
                {
                    File = StorageKey.Config,
                    Location = location,
                };
            }
            if (root.GetProperty("id").GetString() is { } id
                && root.GetProperty("chunker_polynomial").GetString() is { } text
                && RabinPolynomial.TryParse(text, out var polynomial))
            {
                return new RepositoryConfig { Version = version, Id = id, ChunkerPolynomial = polynomial };
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // Falls through to the one message below; the detail would name nothing that an operator could act on.
        }
        throw Damaged(location);
    }

    private static RepositoryException Damaged(string location) =>
        new(RepositoryError.Damaged, $"the config file of the repository at {location} is damaged")
        {
            File = StorageKey.Config,
            Location = location,
        };
}
