using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Engine.Access;

/// <summary>
/// Secrets that a program keeps: tokens, sessions, links. 256 random bits cannot be guessed, so one round of SHA-256 is enough to store
/// them, which makes asking for one as quick as looking it up.
/// </summary>
internal static class AccessSecret
{
    private const int Bytes = 32;

    /// <summary>43 letters of base64url.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>64 hex digits.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>16 hex digits, to name a thing that is no secret.</summary>
    public static string NewId() => RandomNumberGenerator.GetHexString(16, lowercase: true);
}
