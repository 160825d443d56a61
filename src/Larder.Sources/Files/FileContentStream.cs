using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// A file's content, once from beginning to end, at most as long as it was when opened. Holes are handed over as zeros without being read.
/// At the end the file is looked at again: other size, times or inode than in the listing mean that content and attributes are not of one
/// moment.
/// </summary>
internal sealed class FileContentStream : ReadOnlyStream
{
    private const long SequentialBytesMin = 1 << 20;

    // Below 16 MiB the page cache is left alone: the file may be in use, and the gain is small.
    private const long DropBytesMin = 16 << 20;
    private const long DropStepBytes = 8 << 20;

    private readonly LibcDescriptor descriptor;
    private readonly LibcStatx listed;
    private readonly Action changed;
    private readonly Func<int, SourceException> unreadable;
    private readonly long length;
    private readonly bool isSparse;
    private long position;
    private long dataEnd;
    private long holeEnd;
    private long dropped;
    private bool isAtEnd;

    /// <param name="listed">The look whose attributes were handed over.</param>
    /// <param name="opened">The look at the open file.</param>
    /// <param name="changed">Called at the end, at most once.</param>
    /// <param name="unreadable">Makes the exception for an error number.</param>
    public FileContentStream(
        LibcDescriptor descriptor, in LibcStatx listed, in LibcStatx opened, Action changed, Func<int, SourceException> unreadable)
    {
        this.descriptor = descriptor;
        this.listed = listed;
        this.changed = changed;
        this.unreadable = unreadable;
        length = (long)opened.Size;
        isSparse = opened.Blocks * 512 < opened.Size;
        if (length >= SequentialBytesMin)
        {
            _ = Libc.Advise(descriptor.Number, 0, 0, Libc.AdviceSequential);
        }
    }

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || isAtEnd)
        {
            return 0;
        }
        // Files in /proc and /sys say 0 and have content: what says 0 is read to its end.
        if (length > 0)
        {
            if (position >= length)
            {
                return End();
            }
            buffer = buffer[..(int)Math.Min(buffer.Length, length - position)];
        }
        if (isSparse)
        {
            FindExtent();
            if (position < holeEnd)
            {
                buffer = buffer[..(int)Math.Min(buffer.Length, holeEnd - position)];
                buffer.Clear();
                position += buffer.Length;
                return buffer.Length;
            }
            buffer = buffer[..(int)Math.Min(buffer.Length, dataEnd - position)];
        }

        var read = LibcFiles.Read(descriptor.Number, buffer);
        if (read < 0)
        {
            throw unreadable(-read);
        }
        if (read == 0)
        {
            return End();
        }
        position += read;
        if (length >= DropBytesMin && position - dropped >= DropStepBytes)
        {
            _ = Libc.Advise(descriptor.Number, dropped, position - dropped, Libc.AdviceDontNeed);
            dropped = position;
        }
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            descriptor.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>
    /// Where neither hole nor data is known at the position, asks for the next of both and places the descriptor on the data.
    /// </summary>
    private void FindExtent()
    {
        if (position < holeEnd || position < dataEnd)
        {
            return;
        }
        var data = LibcFiles.Seek(descriptor.Number, position, Libc.SeekData);
        if (data < 0)
        {
            // ENXIO: no data follows, so it is a hole to the end. Any other answer: the file system knows no holes, and all is data.
            var isHole = data == -LibcError.NoDeviceOrAddress;
            (holeEnd, dataEnd) = isHole ? (length, position) : (position, length);
            return;
        }
        holeEnd = Math.Min(data, length);
        var hole = LibcFiles.Seek(descriptor.Number, data, Libc.SeekHole);
        dataEnd = hole < 0 ? length : Math.Min(hole, length);
        _ = LibcFiles.Seek(descriptor.Number, data, 0);
    }

    private int End()
    {
        isAtEnd = true;
        if (LibcFiles.Stat(descriptor.Number, out var now) != 0 || !now.SameState(listed))
        {
            changed();
        }
        return 0;
    }
}
