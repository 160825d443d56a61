using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Larder.Tests.Api;

/// <summary>A key that a provider signs with, RSA or on a curve.</summary>
internal sealed class ProviderKey : IDisposable
{
    private readonly AsymmetricAlgorithm key;

    private ProviderKey(string id, AsymmetricAlgorithm key) => (Id, this.key) = (id, key);

    public static ProviderKey Rsa(string id) => new(id, RSA.Create(2048));

    public static ProviderKey Curve(string id) => new(id, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public string Id { get; }

    public string Algorithm => key is RSA ? "RS256" : "ES256";

    public string PublicPem => key.ExportSubjectPublicKeyInfoPem();

    public JsonObject Jwk
    {
        get
        {
            var jwk = new JsonObject { ["kid"] = Id, ["use"] = "sig", ["alg"] = Algorithm };
            if (key is RSA rsa)
            {
                var parts = rsa.ExportParameters(includePrivateParameters: false);
                (jwk["kty"], jwk["n"], jwk["e"]) = ("RSA", Text(parts.Modulus), Text(parts.Exponent));
            }
            else
            {
                var parts = ((ECDsa)key).ExportParameters(includePrivateParameters: false);
                (jwk["kty"], jwk["crv"], jwk["x"], jwk["y"]) = ("EC", "P-256", Text(parts.Q.X), Text(parts.Q.Y));
            }
            return jwk;
        }
    }

    public string Sign(JsonObject claims, string? keyId = null) =>
        Sign(new JsonObject { ["alg"] = Algorithm, ["typ"] = "JWT", ["kid"] = keyId ?? Id }, claims, signed => key switch
        {
            RSA rsa => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => ((ECDsa)key).SignData(signed, HashAlgorithmName.SHA256),
        });

    public static string Sign(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Text(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Text(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{signed}.{Text(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public void Dispose() => key.Dispose();

    private static string Text(byte[]? bytes) => Base64Url.EncodeToString(bytes);
}
