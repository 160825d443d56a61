using System.Security.Cryptography;
using Larder.Repository.Native;

namespace Larder.Repository.Crypto;

/// <summary>The password-based key derivation of RFC 7914, on libcrypto where there is one.</summary>
internal static unsafe class Scrypt
{
    public static void Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ScryptCost cost, Span<byte> output)
    {
        if (LibCrypto.IsAvailable)
        {
            DeriveNative(password, salt, cost, output);
        }
        else
        {
            PortableScrypt.Derive(password, salt, cost, output);
        }
    }

    public static void DeriveNative(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ScryptCost cost, Span<byte> output)
    {
        Require(cost);

        // libcrypto refuses above 32 MiB unless told otherwise: the table, the blocks, and some slack.
        var memoryBytesMax = (ulong)(cost.TableBytes + cost.BlockBytes) + 4096;
        var nothing = stackalloc byte[1]; // A null password or salt means something else to libcrypto than an empty one.
        fixed (byte* pass = password)
        fixed (byte* grain = salt)
        fixed (byte* to = output)
        {
            var done = LibCrypto.Scrypt(
                pass == null ? nothing : pass, (nuint)password.Length, grain == null ? nothing : grain, (nuint)salt.Length,
                (ulong)cost.N, (ulong)cost.R, (ulong)cost.P, memoryBytesMax, to, (nuint)output.Length);
            if (done != 1)
            {
                throw new CryptographicException($"libcrypto could not compute scrypt with {cost}.");
            }
        }
    }

    internal static void Require(ScryptCost cost)
    {
        if (!cost.IsAffordable)
        {
            throw new ArgumentException($"scrypt with {cost} is undefined or costs too much.", nameof(cost));
        }
    }
}
