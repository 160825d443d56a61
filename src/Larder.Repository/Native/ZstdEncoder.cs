namespace Larder.Repository.Native;

/// <summary>
/// Compresses whole buffers, each to one zstd frame that states its content size and carries no checksum (every blob is
/// named by its SHA-256 already). Keeps its tables between calls, a few MiB of native memory, so keep one per thread;
/// it is not thread-safe.
/// </summary>
public sealed unsafe class ZstdEncoder : IDisposable
{
    private readonly ZstdEncoderHandle handle;

    /// <param name="level">What <c>zstd -N</c> takes; 1 is Larder's default.</param>
    public ZstdEncoder(int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, LibZstd.LevelMin());
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, LibZstd.LevelMax());
        handle = LibZstd.CreateEncoder();
        if (handle.IsInvalid || LibZstd.IsError(LibZstd.SetParameter(handle, LibZstd.CompressionLevelParameter, level)) != 0)
        {
            handle.Dispose();
            throw new InvalidOperationException("libzstd could not create a compression context.");
        }
    }

    /// <summary>A destination of this many bytes always suffices.</summary>
    public static int BytesMax(int sourceBytes) => checked((int)LibZstd.CompressBound((nuint)sourceBytes));

    /// <summary>The length of the frame written to <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too small.</exception>
    public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            var written = LibZstd.Compress(handle, to, (nuint)destination.Length, from, (nuint)source.Length);
            return LibZstd.IsError(written) == 0
                ? (int)written
                : throw new ArgumentException(
                    $"{source.Length} bytes do not fit compressed into {destination.Length} bytes.", nameof(destination));
        }
    }

    public void Dispose() => handle.Dispose();
}
