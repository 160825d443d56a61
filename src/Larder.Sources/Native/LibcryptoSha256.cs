using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Larder.Sources.Native;

/// <summary>
/// SHA-256 of short texts by libcrypto's own functions of old. OpenSSL 3 looks its algorithm up and allocates a context for each call that
/// .NET makes, which for a row of 100 bytes takes 1,100 ns; these take 180 ns on the same busy machine. They are deprecated, so a libcrypto
/// without them is served by .NET.
/// </summary>
internal static unsafe partial class LibcryptoSha256
{
    private const string Library = "libcrypto.so.3";

    // SHA256_CTX has 112 bytes in OpenSSL 3.
    private const int ContextBytes = 256;

    // The garbage collector waits while a short call runs, so long texts take the ordinary way, where they cost the same.
    private const int ShortBytesMax = 4096;

    private static readonly bool IsThere = LooksRight();

    /// <param name="hash">32 bytes.</param>
    [SkipLocalsInit]
    public static void HashData(ReadOnlySpan<byte> content, Span<byte> hash)
    {
        if (content.Length > ShortBytesMax || !IsThere)
        {
            SHA256.HashData(content, hash);
            return;
        }
        HashShort(content, hash);
    }

    [SkipLocalsInit]
    private static void HashShort(ReadOnlySpan<byte> content, Span<byte> hash)
    {
        if (hash.Length < SHA256.HashSizeInBytes)
        {
            throw new ArgumentException("The hash needs 32 bytes.", nameof(hash));
        }
        var context = stackalloc ulong[ContextBytes / sizeof(ulong)];
        fixed (byte* bytes = content, result = hash)
        {
            if (Initialize(context) != 1 || Update(context, bytes, (nuint)content.Length) != 1 || Finish(result, context) != 1)
            {
                throw new CryptographicException("libcrypto refuses to compute SHA-256.");
            }
        }
    }

    private static bool LooksRight()
    {
        try
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            HashShort("abc"u8, hash);
            return hash.SequenceEqual(SHA256.HashData("abc"u8));
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException or CryptographicException)
        {
            return false;
        }
    }

    [LibraryImport(Library, EntryPoint = "SHA256_Init")]
    [SuppressGCTransition]
    private static partial int Initialize(void* context);

    [LibraryImport(Library, EntryPoint = "SHA256_Update")]
    [SuppressGCTransition]
    private static partial int Update(void* context, byte* bytes, nuint count);

    [LibraryImport(Library, EntryPoint = "SHA256_Final")]
    [SuppressGCTransition]
    private static partial int Finish(byte* hash, void* context);
}
