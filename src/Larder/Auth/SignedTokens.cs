using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Larder.Auth;

/// <summary>
/// Checks signed tokens (RFC 7519) with Microsoft's library. How a token is signed is decided by the caller and never by the token: a
/// public key is not taken for a shared one, and an unsigned token for none.
/// </summary>
internal static class SignedTokens
{
    public const int LengthMax = 16 * 1024;
    private const int RsaBytesMin = 2048 / 8;

    // Two machines' clocks.
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = LengthMax };

    // The library's own would keep keys alive, and a thread that looks after them, to save microseconds of a rare check.
    private static readonly CryptoProviderFactory Crypto = new() { CacheSignatureProviders = false };

    public static IReadOnlyList<string> ByPublicKey { get; } =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static IReadOnlyList<string> BySharedKey { get; } = ["HS256", "HS384", "HS512"];

    /// <summary>What the token says, if all of it is believed; otherwise why not, for the log and not for the caller.</summary>
    /// <param name="token">As it came.</param>
    /// <param name="rules">What it must be.</param>
    /// <param name="now">For its beginning and end.</param>
    public static async Task<TokenVerdict> CheckAsync(string token, TokenRules rules, DateTimeOffset now)
    {
        if (token.Length > LengthMax || token.AsSpan().Count('.') != 2)
        {
            return TokenVerdict.Refused("it is no signed token");
        }
        try
        {
            var result = await Handler.ValidateTokenAsync(token, ParametersOf(rules));
            if (result is not { IsValid: true, SecurityToken: JsonWebToken checkedToken })
            {
                return TokenVerdict.Refused(
                    ReasonOf(result.Exception), result.Exception is SecurityTokenSignatureKeyNotFoundException);
            }

            // "crit" names what a reader must understand; this one understands none of it, and the library does not look.
            if (checkedToken.TryGetHeaderValue<object>("crit", out _))
            {
                return TokenVerdict.Refused("it demands what is not known here");
            }
            using var claims = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(checkedToken.EncodedPayload));
            return ReasonOfTime(claims.RootElement, now) is { } reason
                ? TokenVerdict.Refused(reason)
                : TokenVerdict.Taken(claims.RootElement.Clone());
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or SecurityTokenException
            or System.Security.Cryptography.CryptographicException or InvalidOperationException)
        {
            return TokenVerdict.Refused("it is no signed token");
        }
    }

    /// <summary>The keys of a set that may have made this signature: of its id, its kind, its curve, and long enough.</summary>
    public static IEnumerable<SecurityKey> Fitting(IEnumerable<JsonWebKey> keys, string algorithm, string? keyId) => keys.Where(key =>
        (string.IsNullOrEmpty(key.Use) || key.Use == "sig")
        && (string.IsNullOrEmpty(keyId) || string.IsNullOrEmpty(key.Kid) || key.Kid == keyId)
        && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm)
        && (key.Kty, algorithm) switch
        {
            ("RSA", ['R' or 'P', 'S', ..]) => BytesOf(key.N) >= RsaBytesMin && BytesOf(key.E) > 0,
            ("EC", "ES256") => IsPoint(key, "P-256", 32),
            ("EC", "ES384") => IsPoint(key, "P-384", 48),
            ("EC", "ES512") => IsPoint(key, "P-521", 66),
            _ => false,
        });

    private static bool IsPoint(JsonWebKey key, string curve, int bytes) =>
        key.Crv == curve && BytesOf(key.X) == bytes && BytesOf(key.Y) == bytes;

    // A key that is cut off or nonsense is passed over; the library would end the whole check with an exception.
    private static int BytesOf(string? text) =>
        text is not null && Base64Url.IsValid(text, out var bytes) ? bytes : 0;

    /// <summary>The name in the claims; null for none that could stand in a log.</summary>
    public static string? NameIn(JsonElement claims, ClaimSettings settings)
    {
        var name = claims.TryGetProperty(settings.NameClaim, out var claim) ? Scalar(claim) : null;
        return name is { Length: > 0 and <= 100 } && !name.Any(char.IsControl) ? name : null;
    }

    /// <summary>The greatest role that the claim, or one of its list, gives; null for none.</summary>
    public static Role? RoleIn(JsonElement claims, ClaimSettings settings)
    {
        if (!claims.TryGetProperty(settings.RoleClaim, out var claim))
        {
            return null;
        }
        var values = claim.ValueKind == JsonValueKind.Array ? [.. claim.EnumerateArray().Select(Scalar)] : new[] { Scalar(claim) };
        return values.OfType<string>().Select(value => RoleOf(value, settings)).Min();
    }

    public static string? TextIn(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static TokenValidationParameters ParametersOf(TokenRules rules) => new()
    {
        ValidIssuer = rules.Issuer,
        ValidAudience = rules.Audience,
        ValidAlgorithms = rules.Algorithms,
        IssuerSigningKeyResolver = (_, token, keyId, _) => rules.KeysFor(((JsonWebToken)token).Alg, keyId),
        TryAllIssuerSigningKeys = false,
        IgnoreTrailingSlashWhenValidatingAudience = false,
        ValidateLifetime = false, // By our own clock, below.
        CryptoProviderFactory = Crypto,
    };

    private static string ReasonOf(Exception? failure) => failure switch
    {
        SecurityTokenInvalidIssuerException => "it is of another issuer",
        SecurityTokenInvalidAudienceException => "it is for somebody else",
        SecurityTokenSignatureKeyNotFoundException => "no key that is known made its signature",
        SecurityTokenInvalidSignatureException or SecurityTokenInvalidAlgorithmException => "its signature is not valid",
        _ => "it is no signed token",
    };

    private static string? ReasonOfTime(JsonElement claims, DateTimeOffset now)
    {
        if (Moment(claims, "exp") is not { } expires || expires + Leeway <= now)
        {
            return "it has expired, or never does";
        }
        return (Moment(claims, "nbf") is { } from && from - Leeway > now) || (Moment(claims, "iat") is { } made && made - Leeway > now)
            ? "it is not valid yet"
            : null;
    }

    private static Role? RoleOf(string value, ClaimSettings settings)
    {
        if (settings.Roles.Count > 0)
        {
            return settings.Roles.TryGetValue(value, out var word) ? Enum.Parse<Role>(word, ignoreCase: true) : null;
        }

        // As the apps have it that number their roles: 0 and 1 are their administrators. Owners are made by owners alone.
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1 ? Role.Admin : null;
    }

    private static string? Scalar(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.String => claim.GetString(),
        JsonValueKind.Number => claim.GetRawText(),
        _ => null,
    };

    private static DateTimeOffset? Moment(JsonElement claims, string name)
    {
        const double lastSecond = 253_402_300_799; // Of the year 9999.
        return claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and <= lastSecond
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;
    }
}

/// <summary>What a token must be.</summary>
/// <param name="Issuer">Exactly.</param>
/// <param name="Audience">The one, or among those, that it names.</param>
/// <param name="Algorithms">By which it may be signed.</param>
/// <param name="KeysFor">The keys to try for an algorithm and a key's id, where the token names one.</param>
internal sealed record TokenRules(
    string Issuer, string Audience, IReadOnlyList<string> Algorithms, Func<string, string?, IEnumerable<SecurityKey>> KeysFor);

/// <param name="Claims">Null for a token that is not taken.</param>
/// <param name="Refusal">Then why not.</param>
/// <param name="KeyIsUnknown">Whether newer keys might help.</param>
internal sealed record TokenVerdict(JsonElement? Claims, string? Refusal, bool KeyIsUnknown)
{
    public static TokenVerdict Taken(JsonElement claims) => new(claims, null, false);

    public static TokenVerdict Refused(string reason, bool keyIsUnknown = false) => new(null, reason, keyIsUnknown);
}
