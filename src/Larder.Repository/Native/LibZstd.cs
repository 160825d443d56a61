using System.Runtime.InteropServices;

namespace Larder.Repository.Native;

/// <summary>The few functions of libzstd that the repository uses, as <c>zstd.h</c> declares them.</summary>
internal static unsafe partial class LibZstd
{
    public const int CompressionLevelParameter = 100;
    public const ulong ContentSizeUnknown = ulong.MaxValue;
    public const ulong ContentSizeError = ulong.MaxValue - 1;

    private const string Library = "libzstd.so.1";

    /// <summary>A stretch of memory read by the streaming decoder.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct InBuffer
    {
        public byte* Source;
        public nuint Size;
        public nuint Position;
    }

    /// <summary>A stretch of memory filled by the streaming decoder.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OutBuffer
    {
        public byte* Destination;
        public nuint Size;
        public nuint Position;
    }

    [LibraryImport(Library, EntryPoint = "ZSTD_compressBound")]
    public static partial nuint CompressBound(nuint sourceBytes);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint result);

    [LibraryImport(Library, EntryPoint = "ZSTD_minCLevel")]
    public static partial int LevelMin();

    [LibraryImport(Library, EntryPoint = "ZSTD_maxCLevel")]
    public static partial int LevelMax();

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    public static partial ZstdEncoderHandle CreateEncoder();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeEncoder(nint encoder);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetParameter(ZstdEncoderHandle encoder, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_compress2")]
    public static partial nuint Compress(
        ZstdEncoderHandle encoder, byte* destination, nuint destinationBytes, byte* source, nuint sourceBytes);

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    public static partial ZstdDecoderHandle CreateDecoder();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecoder(nint decoder);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressDCtx")]
    public static partial nuint Decompress(
        ZstdDecoderHandle decoder, byte* destination, nuint destinationBytes, byte* source, nuint sourceBytes);

    [LibraryImport(Library, EntryPoint = "ZSTD_getFrameContentSize")]
    public static partial ulong FrameContentSize(byte* source, nuint sourceBytes);

    /// <summary>1: forget the frame at hand and keep the parameters.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_reset")]
    public static partial nuint ResetDecoder(ZstdDecoderHandle decoder, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint DecompressStream(ZstdDecoderHandle decoder, ref OutBuffer output, ref InBuffer input);
}

/// <summary>Owns a <c>ZSTD_CCtx</c>.</summary>
internal sealed class ZstdEncoderHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibZstd.FreeEncoder(handle) == 0;
}

/// <summary>Owns a <c>ZSTD_DCtx</c>.</summary>
internal sealed class ZstdDecoderHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibZstd.FreeDecoder(handle) == 0;
}
