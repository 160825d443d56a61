using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Larder.Repository.Crypto;

/// <summary>
/// A file of <c>keys/</c>: the master key in a box that a password opens, by way of scrypt. A repository may have several,
/// one for each password.
/// </summary>
public sealed record KeyFile
{
    private const int SaltBytes = 64;

    // Go, restic's language, reads any escape, but names read better unescaped in a file that people look at.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>When the password was added; the default value when the file does not tell.</summary>
    public required DateTimeOffset Created { get; init; }

    public required string Username { get; init; }

    public required string Hostname { get; init; }

    public required ScryptCost Cost { get; init; }

    /// <summary>64 random bytes. restic refuses any other length.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>The sealed box with the master key.</summary>
    public required byte[] Data { get; init; }

    /// <summary>Seals the master key under a password with a new salt. Takes as long as the cost says.</summary>
    public static KeyFile Create(
        RepositoryKey key, string password, string username, string hostname, DateTimeOffset created, ScryptCost cost)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var json = key.ToJson();
        try
        {
            using var passwordKey = new RepositoryKey(Stretch(password, salt, cost));
            var box = new byte[json.Length + RepositoryKey.OverheadBytes];
            passwordKey.Seal(json, box);
            return new KeyFile
            {
                Created = created, Username = username, Hostname = hostname, Cost = cost, Salt = salt, Data = box,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(json);
        }
    }

    /// <summary>
    /// The master key, owned by the caller, or null when the password is not this file's. Takes as long as the cost says.
    /// </summary>
    /// <exception cref="RepositoryException">Damaged: the password is right, and what it opens is not a key.</exception>
    public RepositoryKey? TryOpen(string password)
    {
        using var passwordKey = new RepositoryKey(Stretch(password, Salt, Cost));
        var json = GC.AllocateArray<byte>(Math.Max(0, Data.Length - RepositoryKey.OverheadBytes), pinned: true);
        try
        {
            return passwordKey.TryOpen(Data, json) ? RepositoryKey.FromJson(json) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(json);
        }
    }

    private static KeyMaterial Stretch(string password, ReadOnlySpan<byte> salt, ScryptCost cost)
    {
        var secret = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(password), pinned: true);
        Encoding.UTF8.GetBytes(password, secret);
        var material = new KeyMaterial();
        Scrypt.Derive(secret, salt, cost, material.All);
        CryptographicOperations.ZeroMemory(secret);
        return material;
    }

    /// <summary>Reads a key file as stored. Fields that it does not know are passed over, as in every file of the format.</summary>
    /// <exception cref="RepositoryException">
    /// Damaged: it is not a key file. Unsupported: it asks for another derivation or more than 1 GiB.
    /// </exception>
    public static KeyFile Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"A key file cannot be read: {error.Message}", error);
        }
    }

    private static KeyFile Read(JsonElement root)
    {
        var kdf = root.GetProperty("kdf"u8).GetString();
        if (!string.Equals(kdf, "scrypt", StringComparison.Ordinal))
        {
            throw new RepositoryException(RepositoryError.Unsupported, "A key file asks for another key derivation than scrypt.");
        }
        var cost = new ScryptCost(
            root.GetProperty("N"u8).GetInt32(), root.GetProperty("r"u8).GetInt32(), root.GetProperty("p"u8).GetInt32());
        if (!cost.IsDefined)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"A key file names numbers for which scrypt is not defined: {cost}.");
        }
        if (!cost.IsAffordable)
        {
            throw new RepositoryException(
                RepositoryError.Unsupported, $"A key file asks for more than 1 GiB of memory or minutes of time: {cost}.");
        }
        var salt = root.GetProperty("salt"u8).GetBytesFromBase64();
        var data = root.GetProperty("data"u8).GetBytesFromBase64();
        if (salt.Length != SaltBytes || data.Length <= RepositoryKey.OverheadBytes)
        {
            throw new RepositoryException(
                RepositoryError.Damaged, $"A key file has a salt of {salt.Length} bytes and a box of {data.Length} bytes.");
        }
        return new KeyFile
        {
            // Only shown to people: a key whose date or names cannot be read still opens the repository.
            Created = root.TryGetProperty("created"u8, out var created) && created.ValueKind == JsonValueKind.String
                && created.TryGetDateTimeOffset(out var time) ? time : default,
            Username = Text(root, "username"u8),
            Hostname = Text(root, "hostname"u8),
            Cost = cost,
            Salt = salt,
            Data = data,
        };
    }

    private static string Text(JsonElement root, ReadOnlySpan<byte> name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>The bytes to store, in restic's order of fields.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("created"u8, Created);
            writer.WriteString("username"u8, Username);
            writer.WriteString("hostname"u8, Hostname);
            writer.WriteString("kdf"u8, "scrypt"u8);
            writer.WriteNumber("N"u8, Cost.N);
            writer.WriteNumber("r"u8, Cost.R);
            writer.WriteNumber("p"u8, Cost.P);
            writer.WriteBase64String("salt"u8, Salt);
            writer.WriteBase64String("data"u8, Data);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
