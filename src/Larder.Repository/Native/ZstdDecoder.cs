namespace Larder.Repository.Native;

/// <summary>
/// Decompresses zstd frames from storage, which may hold anything: what does not decode is a false or a null, never an
/// exception, and no more is allocated than the caller allows. Keep one per thread; it is not thread-safe.
/// </summary>
public sealed unsafe class ZstdDecoder : IDisposable
{
    private const int ForgetFrame = 1;
    private const int FirstGuessBytes = 64 * 1024;

    private readonly ZstdDecoderHandle handle;

    public ZstdDecoder()
    {
        handle = LibZstd.CreateDecoder();
        if (handle.IsInvalid)
        {
            handle.Dispose();
            throw new InvalidOperationException("libzstd could not create a decompression context.");
        }
    }

    /// <summary>
    /// True only when the frame decodes to exactly <paramref name="destination"/>'s length; else its content is undefined.
    /// </summary>
    public bool TryDecode(ReadOnlySpan<byte> frame, Span<byte> destination)
    {
        // libzstd takes a null destination for "nothing fits", which is right for an empty frame too.
        fixed (byte* from = frame)
        fixed (byte* to = destination)
        {
            // An empty source is no error to libzstd: zero frames, zero bytes. Here it is no frame.
            var written = LibZstd.Decompress(handle, to, (nuint)destination.Length, from, (nuint)frame.Length);
            return frame.Length > 0 && LibZstd.IsError(written) == 0 && written == (nuint)destination.Length;
        }
    }

    /// <summary>The content size that the frame's header states, which need not be true; false when it states none.</summary>
    public static bool TryGetContentBytes(ReadOnlySpan<byte> frame, out long bytes)
    {
        fixed (byte* from = frame)
        {
            var size = LibZstd.FrameContentSize(from, (nuint)frame.Length);
            var stated = size < LibZstd.ContentSizeError && size <= long.MaxValue;
            bytes = stated ? (long)size : 0;
            return stated;
        }
    }

    /// <summary>
    /// The content of a frame, whether or not it states its size: restic's streaming encoder does not for index and
    /// snapshot files. Null when it does not decode, is cut short, or holds more than <paramref name="bytesMax"/> bytes.
    /// </summary>
    public byte[]? TryDecodeWhole(ReadOnlySpan<byte> frame, int bytesMax)
    {
        if (!TryGetContentBytes(frame, out var stated))
        {
            return TryDecodeStream(frame, bytesMax);
        }
        if (stated > bytesMax)
        {
            return null;
        }
        var content = new byte[(int)stated];
        return TryDecode(frame, content) ? content : null;
    }

    private byte[]? TryDecodeStream(ReadOnlySpan<byte> frame, int bytesMax)
    {
        if (LibZstd.IsError(LibZstd.ResetDecoder(handle, ForgetFrame)) != 0)
        {
            return null;
        }
        var content = new byte[Math.Min(bytesMax, FirstGuessBytes)];
        fixed (byte* from = frame)
        {
            var input = new LibZstd.InBuffer { Source = from, Size = (nuint)frame.Length };
            var filled = 0;
            while (true)
            {
                nuint remaining;
                var consumed = input.Position;
                var before = filled;
                fixed (byte* to = content)
                {
                    var output = new LibZstd.OutBuffer { Destination = to, Size = (nuint)content.Length, Position = (nuint)filled };
                    remaining = LibZstd.DecompressStream(handle, ref output, ref input);
                    filled = (int)output.Position;
                }
                if (LibZstd.IsError(remaining) != 0)
                {
                    return null;
                }
                // Zero means that a frame ended and was flushed; frames may follow each other.
                if (remaining == 0 && input.Position == input.Size)
                {
                    return content.AsSpan(0, filled).ToArray();
                }
                if (filled == content.Length)
                {
                    if (content.Length == bytesMax)
                    {
                        return EndsHere(ref input) ? content : null;
                    }
                    Array.Resize(ref content, (int)Math.Min(bytesMax, 2L * content.Length));
                }
                else if (input.Position == consumed && filled == before)
                {
                    return null; // Cut short: the decoder wants bytes that are not there.
                }
            }
        }
    }

    /// <summary>Whether the content is complete although its buffer is full: the end of the frame may be still unread.</summary>
    private bool EndsHere(ref LibZstd.InBuffer input)
    {
        byte spill;
        var output = new LibZstd.OutBuffer { Destination = &spill, Size = 1 };
        var remaining = LibZstd.DecompressStream(handle, ref output, ref input);
        return remaining == 0 && output.Position == 0 && input.Position == input.Size;
    }

    public void Dispose() => handle.Dispose();
}
