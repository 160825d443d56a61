using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Larder.Auth;

/// <summary>The public keys of an identity provider, from a file (RFC 7517) that is read again when it changes.</summary>
internal sealed class JsonWebKeys(string file)
{
    private const int RsaBitsMin = 2048;
    private readonly Lock reading = new();
    private IReadOnlyList<WebKey> keys = [];
    private DateTime writtenAt;

    /// <summary>Whether one of the keys made this signature. False too for a way of signing that no public key has.</summary>
    public bool Verifies(string algorithm, string? keyId, byte[] signed, byte[] signature)
    {
        if (algorithm.Length != 5 || HashOf(algorithm) is not { } hash)
        {
            return false;
        }
        foreach (var key in Current())
        {
            if ((keyId is null || key.Id is null || key.Id == keyId) && (key.Algorithm is null || key.Algorithm == algorithm)
                && key.Verifies(algorithm, hash, signed, signature))
            {
                return true;
            }
        }
        return false;
    }

    private static HashAlgorithmName? HashOf(string algorithm) => algorithm[2..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        "512" => HashAlgorithmName.SHA512,
        _ => null,
    };

    private IReadOnlyList<WebKey> Current()
    {
        lock (reading)
        {
            var written = File.GetLastWriteTimeUtc(file);
            if (written != writtenAt)
            {
                try
                {
                    (keys, writtenAt) = (Read(File.ReadAllBytes(file)), written);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
                {
                    // Being written, or broken: the keys that were good go on, and the next request looks again.
                }
            }
            return keys;
        }
    }

    private static List<WebKey> Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var found = new List<WebKey>();
        foreach (var key in document.RootElement.GetProperty("keys").EnumerateArray())
        {
            if (Text(key, "use") is null or "sig" && (RsaOf(key) ?? EllipticOf(key)) is { } algorithm)
            {
                found.Add(new WebKey(Text(key, "kid"), Text(key, "alg"), algorithm));
            }
        }
        return found;
    }

    private static AsymmetricAlgorithm? RsaOf(JsonElement key)
    {
        if (Text(key, "kty") != "RSA" || Text(key, "n") is not { } modulus || Text(key, "e") is not { } exponent)
        {
            return null;
        }
        var rsa = RSA.Create(new RSAParameters
        {
            Modulus = Base64Url.DecodeFromChars(modulus),
            Exponent = Base64Url.DecodeFromChars(exponent),
        });
        return rsa.KeySize >= RsaBitsMin ? rsa : null;
    }

    private static AsymmetricAlgorithm? EllipticOf(JsonElement key)
    {
        ECCurve? curve = Text(key, "crv") switch
        {
            "P-256" => ECCurve.NamedCurves.nistP256,
            "P-384" => ECCurve.NamedCurves.nistP384,
            "P-521" => ECCurve.NamedCurves.nistP521,
            _ => null,
        };
        return Text(key, "kty") == "EC" && curve is { } known && Text(key, "x") is { } x && Text(key, "y") is { } y
            ? ECDsa.Create(new ECParameters
            {
                Curve = known,
                Q = new ECPoint { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) },
            })
            : null;
    }

    private static string? Text(JsonElement key, string name) =>
        key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record WebKey(string? Id, string? Algorithm, AsymmetricAlgorithm Key)
    {
        public bool Verifies(string algorithm, HashAlgorithmName hash, byte[] signed, byte[] signature) => (algorithm[..2], Key) switch
        {
            ("RS", RSA rsa) => rsa.VerifyData(signed, signature, hash, RSASignaturePadding.Pkcs1),
            ("PS", RSA rsa) => rsa.VerifyData(signed, signature, hash, RSASignaturePadding.Pss),
            ("ES", ECDsa curve) when curve.KeySize == (algorithm switch { "ES256" => 256, "ES384" => 384, _ => 521 }) =>
                curve.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            _ => false,
        };
    }
}
