using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>
/// What proves to a receiver that a body comes from us and is not an old one sent again: <c>t=UNIX,v1=HEX</c>, where HEX is the HMAC-SHA256
/// with the shared secret over <c>UNIX.BODY</c>.
/// </summary>
public static class WebhookSignature
{
    public const string Header = "X-Larder-Signature";

    public static string Make(string secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={seconds},v1={Convert.ToHexStringLower(Hash(secret, seconds, body))}";
    }

    private static byte[] Hash(string secret, string seconds, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hash.AppendData(Encoding.UTF8.GetBytes($"{seconds}."));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
