using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Engine.Access;

/// <summary>
/// Passwords as ASP.NET's PasswordHasher stores them (its format 3), so that one library's users are the other's: a byte 1, then
/// big-endian the function (2 is HMAC-SHA512), the iterations and the length of the salt, then salt and key; all in base64.
/// </summary>
public static class PasswordHash
{
    private const int HeaderBytes = 13;
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const uint Sha512 = 2;

    /// <summary>OWASP's number for PBKDF2 with HMAC-SHA512: about 0.1 s of one core, and what makes guessing dear.</summary>
    public const int Iterations = 210_000;

    /// <summary>What an unknown user's password is compared with, so that the time of the answer does not tell who exists.</summary>
    public static string OfNobody { get; } = Make(AccessSecret.New());

    public static string Make(string password) => Make(password, Iterations);

    internal static string Make(string password, int iterations)
    {
        var stored = new byte[HeaderBytes + SaltBytes + KeyBytes];
        stored[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(stored.AsSpan(1), Sha512);
        BinaryPrimitives.WriteUInt32BigEndian(stored.AsSpan(5), (uint)iterations);
        BinaryPrimitives.WriteUInt32BigEndian(stored.AsSpan(9), SaltBytes);
        var salt = stored.AsSpan(HeaderBytes, SaltBytes);
        RandomNumberGenerator.Fill(salt);
        Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), salt, stored.AsSpan(HeaderBytes + SaltBytes), iterations, HashAlgorithmName.SHA512);
        return Convert.ToBase64String(stored);
    }

    /// <summary>Whether it is the password. False too for a text that is no hash.</summary>
    public static bool Fits(string hash, string password)
    {
        var stored = new byte[hash.Length];
        if (!Convert.TryFromBase64String(hash, stored, out var length) || length != HeaderBytes + SaltBytes + KeyBytes || stored[0] != 1
            || BinaryPrimitives.ReadUInt32BigEndian(stored.AsSpan(1)) != Sha512
            || BinaryPrimitives.ReadUInt32BigEndian(stored.AsSpan(9)) != SaltBytes
            || BinaryPrimitives.ReadUInt32BigEndian(stored.AsSpan(5)) is not (> 0 and < 10_000_000 and var iterations))
        {
            return false;
        }
        Span<byte> key = stackalloc byte[KeyBytes];
        Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), stored.AsSpan(HeaderBytes, SaltBytes), key, (int)iterations, HashAlgorithmName.SHA512);
        return CryptographicOperations.FixedTimeEquals(key, stored.AsSpan(HeaderBytes + SaltBytes, KeyBytes));
    }
}
