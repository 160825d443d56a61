using System.Runtime.InteropServices;

namespace Larder.Repository.Native;

/// <summary>
/// The few functions of OpenSSL 3's libcrypto that are much faster than what the BCL offers: AES-256-CTR without a copy,
/// Poly1305. Algorithms are fetched once and kept for the life of the process.
/// </summary>
internal static unsafe partial class LibCrypto
{
    private const string Library = "libcrypto.so.3";

    /// <summary>False where libcrypto 3 is missing or its configuration refuses an algorithm; the portable code is used then.</summary>
    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _) && FetchAll();

    public static nint Aes256Ctr { get; private set; }

    public static nint Aes128Ecb { get; private set; }

    public static nint Poly1305 { get; private set; }

    private static bool FetchAll()
    {
        Aes256Ctr = FetchCipher(0, "AES-256-CTR", 0);
        Aes128Ecb = FetchCipher(0, "AES-128-ECB", 0);
        Poly1305 = FetchMac(0, "POLY1305", 0);
        return Aes256Ctr != 0 && Aes128Ecb != 0 && Poly1305 != 0;
    }

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_fetch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FetchCipher(nint context, string algorithm, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_fetch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FetchMac(nint context, string algorithm, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_new")]
    public static partial CipherContextHandle CreateCipherContext();

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_free")]
    public static partial void FreeCipherContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_set_padding")]
    public static partial int SetPadding(CipherContextHandle context, int pad);

    [LibraryImport(Library, EntryPoint = "EVP_EncryptInit_ex")]
    public static partial int EncryptInit(CipherContextHandle context, nint cipher, nint engine, byte* key, byte* iv);

    [LibraryImport(Library, EntryPoint = "EVP_EncryptUpdate")]
    public static partial int EncryptUpdate(CipherContextHandle context, byte* output, out int written, byte* input, int bytes);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_new")]
    public static partial MacContextHandle CreateMacContext(nint mac);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_free")]
    public static partial void FreeMacContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_init")]
    public static partial int MacInit(MacContextHandle context, byte* key, nuint keyBytes, nint parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_update")]
    public static partial int MacUpdate(MacContextHandle context, byte* data, nuint bytes);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_final")]
    public static partial int MacFinal(MacContextHandle context, byte* output, out nuint written, nuint outputBytes);
}

/// <summary>Owns an <c>EVP_CIPHER_CTX</c>; OpenSSL wipes its key schedule when it is freed.</summary>
internal sealed class CipherContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeCipherContext(handle);
        return true;
    }
}

/// <summary>Owns an <c>EVP_MAC_CTX</c>; OpenSSL wipes it when it is freed.</summary>
internal sealed class MacContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeMacContext(handle);
        return true;
    }
}
