using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Engine.Access;
using Larder.Engine.Configuration;

namespace Larder.Auth;

/// <summary>
/// Takes signed tokens (RFC 7519) of one issuer. How they are signed is decided by the configuration, and never by the token: a public key
/// is not taken for a shared one, and an unsigned token for none.
/// </summary>
internal sealed class JwtVerifier
{
    public const int LengthMax = 16 * 1024;
    private const int SharedKeyBytesMin = 32;

    // Two machines' clocks.
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    private readonly JwtSettings settings;
    private readonly JsonWebKeys? keys;
    private readonly TimeProvider clock;

    public JwtVerifier(JwtSettings settings, TimeProvider clock)
    {
        (this.settings, this.clock) = (settings, clock);
        keys = settings.KeysFile is { } file ? new JsonWebKeys(file) : null;
    }

    /// <summary>The caller; or null and the reason, for the log and not for the caller.</summary>
    public async ValueTask<(Caller? Caller, string? Refusal)> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length > LengthMax || token.Split('.') is not [var head, var body, var signature])
        {
            return (null, "it is no signed token");
        }
        try
        {
            using var header = Parse(head);
            using var claims = Parse(body);
            var signed = Encoding.ASCII.GetBytes($"{head}.{body}");
            return !await IsSignedAsync(header.RootElement, signed, Base64Url.DecodeFromChars(signature), cancellationToken)
                ? (null, "its signature is not valid")
                : Read(claims.RootElement);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or CryptographicException)
        {
            return (null, "it is no signed token");
        }
    }

    private static JsonDocument Parse(string part) => JsonDocument.Parse(Base64Url.DecodeFromChars(part));

    private async ValueTask<bool> IsSignedAsync(
        JsonElement header, byte[] signed, byte[] signature, CancellationToken cancellationToken)
    {
        // "crit" names what a reader must understand; this one understands none of it.
        if (header.ValueKind != JsonValueKind.Object || Text(header, "alg") is not { } algorithm || header.TryGetProperty("crit", out _))
        {
            return false;
        }
        if (keys is not null)
        {
            return keys.Verifies(algorithm, Text(header, "kid"), signed, signature);
        }
        var key = Encoding.UTF8.GetBytes(await settings.Key!.RevealAsync(cancellationToken));
        if (key.Length < SharedKeyBytesMin)
        {
            return false;
        }
        var expected = algorithm switch
        {
            "HS256" => HMACSHA256.HashData(key, signed),
            "HS384" => HMACSHA384.HashData(key, signed),
            "HS512" => HMACSHA512.HashData(key, signed),
            _ => null,
        };
        return expected is not null && CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    private (Caller? Caller, string? Refusal) Read(JsonElement claims)
    {
        var now = clock.GetUtcNow();
        if (claims.ValueKind != JsonValueKind.Object || Text(claims, "iss") != settings.Issuer)
        {
            return (null, "it is of another issuer");
        }
        if (!IsForUs(claims))
        {
            return (null, "it is for somebody else");
        }
        if (Moment(claims, "exp") is not { } expires || expires + Leeway <= now)
        {
            return (null, "it has expired, or never does");
        }
        if ((Moment(claims, "nbf") is { } from && from - Leeway > now) || (Moment(claims, "iat") is { } made && made - Leeway > now))
        {
            return (null, "it is not valid yet");
        }
        if (NameIn(claims) is not { } name)
        {
            return (null, $"it has no name in \"{settings.NameClaim}\"");
        }
        return RoleIn(claims) is { } role
            ? (new Caller { Name = name, Role = role, Way = CallerWay.Jwt }, null)
            : (null, $"\"{settings.RoleClaim}\" gives no role here");
    }

    private bool IsForUs(JsonElement claims) => claims.TryGetProperty("aud", out var audience) && audience.ValueKind switch
    {
        JsonValueKind.String => audience.GetString() == settings.Audience,
        JsonValueKind.Array => audience.EnumerateArray()
            .Any(one => one.ValueKind == JsonValueKind.String && one.GetString() == settings.Audience),
        _ => false,
    };

    private string? NameIn(JsonElement claims)
    {
        var name = claims.TryGetProperty(settings.NameClaim, out var claim) ? Scalar(claim) : null;
        return name is { Length: > 0 and <= 100 } && !name.Any(char.IsControl) ? name : null;
    }

    private Role? RoleIn(JsonElement claims)
    {
        if (!claims.TryGetProperty(settings.RoleClaim, out var claim) || Scalar(claim) is not { } value)
        {
            return null;
        }
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

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTimeOffset? Moment(JsonElement claims, string name)
    {
        const double lastSecond = 253_402_300_799; // Of the year 9999.
        return claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and <= lastSecond
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;
    }
}
