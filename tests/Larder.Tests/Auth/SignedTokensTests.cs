using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Larder.Testing;
using Microsoft.IdentityModel.Tokens;

namespace Larder.Tests.Auth;

/// <summary>Where the library is laxer than what we promise, our rule stands in front of it.</summary>
public sealed class SignedTokensTests
{
    private const string Issuer = "https://id.example.com";

    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("P-256", "ES256")]
    [InlineData("P-384", "ES384")]
    [InlineData("P-521", "ES512")]
    public async Task A_curve_is_for_one_algorithm(string curve, string algorithm)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve switch { "P-256" => "nistP256", "P-384" => "nistP384", _ => "nistP521" }));
        foreach (var (name, hash) in new[]
        {
            ("ES256", HashAlgorithmName.SHA256), ("ES384", HashAlgorithmName.SHA384), ("ES512", HashAlgorithmName.SHA512),
        })
        {
            var verdict = await CheckAsync(Token(Header(name), Claims(), signed => key.SignData(signed, hash)), Jwk(key, curve));
            Assert.True(verdict.Claims is not null == (name == algorithm), $"{name} with {curve}: {verdict.Refusal}");
        }
    }

    [Fact]
    public async Task A_key_must_be_for_signing_for_this_algorithm_of_this_name_and_long_enough()
    {
        using var key = RSA.Create(2048);
        using var small = RSA.Create(1024);
        var token = Token(Header("RS256"), Claims(), signed => Sign(key, signed));
        Assert.NotNull((await CheckAsync(token, Jwk(key))).Claims);
        Assert.NotNull((await CheckAsync(token, Jwk(key, ("use", "sig"), ("alg", "RS256"), ("kid", "one")))).Claims);
        Assert.NotNull((await CheckAsync(Token(Header("RS256", null), Claims(), signed => Sign(key, signed)), Jwk(key, ("kid", "one")))).Claims);
        foreach (var jwk in new[] { Jwk(key, ("use", "enc")), Jwk(key, ("alg", "PS256")), Jwk(key, ("kid", "two")) })
        {
            Assert.True((await CheckAsync(token, jwk)).KeyIsUnknown, jwk.ToJsonString());
        }
        Assert.True((await CheckAsync(Token(Header("RS256"), Claims(), signed => Sign(small, signed)), Jwk(small))).KeyIsUnknown);
    }

    /// <summary>What stands in sets of keys: other kinds, keys that are cut off, and nonsense.</summary>
    internal static IReadOnlyList<string> OddKeys { get; } =
    [
        """{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""",
        """{"kty":"RSA"}""",
        """{"kty":"RSA","n":"!!","e":"AQAB"}""",
        """{"kty":"RSA","n":"","e":""}""",
        """{"kty":"EC","crv":"P-256"}""",
        """{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}""",
        """{"kty":"EC","crv":"P-256","x":"!!","y":"AA"}""",
        """{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}""",
        """{"kty":"oct","k":"AAAA"}""",
        """{"kty":"RSA","x5c":["AAAA"]}""",
        "{}",
    ];

    [Fact]
    public async Task A_key_that_is_not_understood_takes_nothing_from_those_that_are()
    {
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var folder = new TemporaryFolder();
        var odd = string.Join(',', OddKeys);
        await File.WriteAllTextAsync(
            folder["jwks.json"], $$"""{"keys":[{{odd}},{{Jwk(rsa).ToJsonString()}},{{Jwk(curve, "P-256").ToJsonString()}}]}""");
        var keys = new JsonWebKeys(folder["jwks.json"]);
        foreach (var token in new[]
        {
            Token(Header("RS256", null), Claims(), signed => Sign(rsa, signed)),
            Token(Header("ES256", null), Claims(), signed => curve.SignData(signed, HashAlgorithmName.SHA256)),
        })
        {
            var verdict = await CheckAsync(token, keys.Current());
            Assert.True(verdict.Claims is not null, verdict.Refusal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"keys":null}""")]
    [InlineData("""{"keys":7}""")]
    [InlineData("""{"keys":[null,7,"a",[]]}""")]
    [InlineData("""{"keys":[{"kid":7,"kty":[]}]}""")]
    public async Task A_file_that_is_no_set_of_keys_lets_nobody_in_and_breaks_nothing(string text)
    {
        using var rsa = RSA.Create(2048);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["jwks.json"], text);
        var keys = new JsonWebKeys(folder["jwks.json"]);
        Assert.Null((await CheckAsync(Token(Header("RS256"), Claims(), signed => Sign(rsa, signed)), keys.Current())).Claims);
        Assert.Null((await CheckAsync(Token(Header("RS256"), Claims(), signed => Sign(rsa, signed)), new JsonWebKeys("/nowhere").Current())).Claims);
    }

    [Fact]
    public async Task A_public_key_or_a_shared_one_in_the_set_is_not_taken_for_a_shared_one()
    {
        using var key = RSA.Create(2048);
        var shared = Encoding.ASCII.GetBytes("a shared key of thirty-two bytes and more");
        var inSet = new JsonObject { ["kty"] = "oct", ["k"] = Base64Url.EncodeToString(shared), ["alg"] = "HS256", ["kid"] = "one" };
        foreach (var (secret, jwk) in new[] { (key.ExportSubjectPublicKeyInfo(), Jwk(key)), (shared, inSet) })
        {
            var token = Token(Header("HS256"), Claims(), signed => HMACSHA256.HashData(secret, signed));
            Assert.Null((await CheckAsync(token, jwk)).Claims);
        }
    }

    [Fact]
    public async Task What_a_header_demands_or_brings_itself_is_not_followed()
    {
        using var key = RSA.Create(2048);
        using var other = RSA.Create(2048);
        var critical = Header("RS256");
        (critical["crit"], critical["exp"]) = (new JsonArray("exp"), 1);
        var verdict = await CheckAsync(Token(critical, Claims(), signed => Sign(key, signed)), Jwk(key));
        Assert.Equal("it demands what is not known here", verdict.Refusal);
        foreach (var name in new[] { "jwk", "jku", "x5u" })
        {
            var brought = Header("RS256");
            brought[name] = name == "jwk" ? Jwk(other) : "http://127.0.0.1:1/keys";
            Assert.Null((await CheckAsync(Token(brought, Claims(), signed => Sign(other, signed)), Jwk(key))).Claims);
        }
    }

    [Fact]
    public async Task Issuer_audience_and_times_are_letter_for_letter_and_by_our_clock()
    {
        using var key = RSA.Create(2048);
        async Task<bool> TakesAsync(string name, JsonNode? value)
        {
            var claims = Claims();
            claims[name] = value;
            return (await CheckAsync(Token(Header("RS256"), claims, signed => Sign(key, signed)), Jwk(key))).Claims is not null;
        }
        var now = Now.ToUnixTimeSeconds();
        Assert.True(await TakesAsync("aud", new JsonArray("other", "larder")));
        Assert.True(await TakesAsync("exp", now - 59)); // Two machines' clocks.
        Assert.True(await TakesAsync("nbf", now + 59));
        Assert.False(await TakesAsync("exp", now - 60));
        Assert.False(await TakesAsync("exp", null));
        Assert.False(await TakesAsync("exp", "never"));
        Assert.False(await TakesAsync("exp", 1e300));
        Assert.False(await TakesAsync("nbf", now + 61));
        Assert.False(await TakesAsync("iat", now + 61));
        Assert.False(await TakesAsync("iss", Issuer + "/"));
        Assert.False(await TakesAsync("iss", null));
        Assert.False(await TakesAsync("aud", "larder/"));
        Assert.False(await TakesAsync("aud", "LARDER"));
        Assert.False(await TakesAsync("aud", new JsonArray()));
    }

    [Theory]
    [InlineData("""{"group":"dba"}""", Role.Admin)]
    [InlineData("""{"group":["guests","ops","dba"]}""", Role.Admin)]
    [InlineData("""{"group":["guests","ops",null,{"a":1}]}""", Role.Operator)]
    [InlineData("""{"group":7}""", Role.Viewer)]
    [InlineData("""{"group":["guests"]}""", null)]
    [InlineData("""{"group":[]}""", null)]
    [InlineData("""{"group":{"dba":true}}""", null)]
    [InlineData("""{"group":"DBA"}""", null)]
    [InlineData("""{"group":null}""", null)]
    [InlineData("{}", null)]
    public void The_greatest_role_that_a_claim_gives_counts(string claims, Role? role)
    {
        using var document = JsonDocument.Parse(claims);
        var settings = new ClaimSettings
        {
            RoleClaim = "group",
            NameClaim = "sub",
            Roles = new Dictionary<string, string> { ["dba"] = "admin", ["ops"] = "operator", ["7"] = "viewer" },
        };
        Assert.Equal(role, SignedTokens.RoleIn(document.RootElement, settings));
    }

    private static Task<TokenVerdict> CheckAsync(string token, JsonObject jwk) =>
        CheckAsync(token, new JsonWebKeySet(new JsonObject { ["keys"] = new JsonArray(jwk.DeepClone()) }.ToJsonString()).Keys);

    private static Task<TokenVerdict> CheckAsync(string token, IEnumerable<JsonWebKey> keys) => SignedTokens.CheckAsync(
        token,
        new TokenRules(Issuer, "larder", SignedTokens.ByPublicKey, (algorithm, keyId) => SignedTokens.Fitting(keys, algorithm, keyId)),
        Now);

    private static JsonObject Header(string algorithm, string? keyId = "one")
    {
        var header = new JsonObject { ["alg"] = algorithm };
        if (keyId is not null)
        {
            header["kid"] = keyId;
        }
        return header;
    }

    private static JsonObject Claims() => new() { ["iss"] = Issuer, ["aud"] = "larder", ["exp"] = Now.AddMinutes(5).ToUnixTimeSeconds() };

    private static byte[] Sign(RSA key, byte[] signed) => key.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static string Token(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign) => Api.ProviderKey.Sign(header, claims, sign);

    private static JsonObject Jwk(RSA key, params (string Name, string Value)[] more)
    {
        var parts = key.ExportParameters(includePrivateParameters: false);
        var jwk = new JsonObject
        {
            ["kty"] = "RSA",
            ["n"] = Base64Url.EncodeToString(parts.Modulus),
            ["e"] = Base64Url.EncodeToString(parts.Exponent),
        };
        foreach (var (name, value) in more)
        {
            jwk[name] = value;
        }
        return jwk;
    }

    private static JsonObject Jwk(ECDsa key, string curve)
    {
        var parts = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = curve,
            ["x"] = Base64Url.EncodeToString(parts.Q.X),
            ["y"] = Base64Url.EncodeToString(parts.Q.Y),
        };
    }
}
