using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Auth.OpenId;

/// <summary>
/// A sign-in that a browser has begun, as its cookie carries it: sealed, so that nobody reads or makes one, and bound to that browser, so
/// that nobody can have it end a sign-in that somebody else began.
/// </summary>
internal sealed record PendingSignIn
{
    /// <summary>Long enough for a second factor.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    /// <summary>Comes back from the provider, and shows that its answer belongs to this.</summary>
    public required string State { get; init; }

    /// <summary>Comes back within the token, and shows that it was made for this.</summary>
    public required string Nonce { get; init; }

    /// <summary>Shows to the provider that whoever brings the code began this (PKCE, RFC 7636).</summary>
    public required string Verifier { get; init; }

    /// <summary>Where the provider sends the browser back to.</summary>
    public required string Callback { get; init; }

    /// <summary>A path of Larder's to go to after.</summary>
    public required string Return { get; init; }

    /// <summary>As whom the browser was logged in; null: as nobody.</summary>
    public required string? LoggedInAs { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Seals and opens cookies with a key that this process alone has: a restart ends what was begun.</summary>
internal sealed class PendingSeal
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    // Browsers keep cookies of up to 4096 bytes: a path of 500 letters is at most 1500 bytes if none of them is escaped.
    private static readonly PendingJson Json = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);

    public string Seal(PendingSignIn pending)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(pending, Json.PendingSignIn);
        var box = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = box.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce); // 96 random bits: the key would need 2^32 sign-ins before one comes twice.
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length));
        return Base64Url.EncodeToString(box);
    }

    /// <summary>Null for what this process did not seal.</summary>
    public PendingSignIn? Open(string text)
    {
        try
        {
            var box = Base64Url.DecodeFromChars(text);
            if (box.Length < NonceBytes + TagBytes)
            {
                return null;
            }
            var plain = new byte[box.Length - NonceBytes - TagBytes];
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length), plain);
            return JsonSerializer.Deserialize(plain, Json.PendingSignIn);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(PendingSignIn))]
internal sealed partial class PendingJson : JsonSerializerContext;
