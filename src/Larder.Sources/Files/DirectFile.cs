using System.Runtime.InteropServices;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Writes a large file from its beginning past the page cache, one buffer while the next is filled. What is restored is on disk at once
/// and leaves the memory of the database beside us alone. Measured: the kernel took more than half of the time of a restore for copying
/// into the page cache and bringing it to disk later.
/// </summary>
/// <remarks>Memory: two buffers of 1 MiB, kept by the tree's writer from file to file.</remarks>
internal sealed class DirectFile
{
    /// <summary>Below this a file goes the usual way.</summary>
    public const int FileBytesMin = 1 << 20;

    private const int BlockBytes = 4096; // A multiple of every block that disks use; holes begin and end there too.
    private const int BufferBytes = 1 << 20;

    private readonly LibcDescriptor descriptor;
    private readonly bool sparse;
    private readonly DirectBuffers buffers;
    private Task<int> writing = Task.FromResult(0);
    private Memory<byte> filling;
    private int filled;
    private long offset;

    private DirectFile(LibcDescriptor descriptor, bool sparse, DirectBuffers buffers)
    {
        (this.descriptor, this.sparse, this.buffers) = (descriptor, sparse, buffers);
        filling = buffers.First;
    }

    /// <summary>Null where the file is small or its file system cannot do it.</summary>
    /// <param name="buffers">This file's until it is finished.</param>
    public static DirectFile? TryBegin(LibcDescriptor descriptor, long bytes, bool sparse, DirectBuffers? buffers) =>
        buffers is not null && bytes >= FileBytesMin && LibcFiles.SetDirect(descriptor.Number, isDirect: true) == 0
            ? new DirectFile(descriptor, sparse, buffers)
            : null;

    /// <summary>Appends. Returns the error number of a write that failed meanwhile, or 0.</summary>
    public async ValueTask<int> AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, BufferBytes - filled)];
            piece.CopyTo(filling[filled..]);
            filled += piece.Length;
            bytes = bytes[piece.Length..];
            if (filled == BufferBytes && await SendAsync() is not 0 and var error)
            {
                return error;
            }
        }
        return 0;
    }

    /// <summary>Writes what is left, padded with zeros to whole blocks: the caller cuts the file to its length.</summary>
    public async ValueTask<int> FinishAsync()
    {
        var padded = (filled + BlockBytes - 1) / BlockBytes * BlockBytes;
        filling.Span[filled..padded].Clear();
        filled = padded;
        return await SendAsync() is not 0 and var error ? error : await writing;
    }

    /// <summary>Waits for the buffer before, and begins to write this one.</summary>
    private async ValueTask<int> SendAsync()
    {
        if (await writing is not 0 and var error)
        {
            return error;
        }
        var (full, at) = (filling[..filled], offset);
        filling = buffers.Other(filling);
        offset += filled;
        filled = 0;
        writing = Task.Run(() => Write(full.Span, at));
        return 0;
    }

    private int Write(ReadOnlySpan<byte> blocks, long at)
    {
        var held = false;
        descriptor.DangerousAddRef(ref held); // Somebody may give up and close the file while this is under way.
        try
        {
            return sparse ? WriteRuns(blocks, at) : WriteBlocks(blocks, at);
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    /// <summary>Leaves out blocks of zeros: what was never written reads as zeros.</summary>
    private int WriteRuns(ReadOnlySpan<byte> blocks, long at)
    {
        var start = 0;
        for (var i = 0; i < blocks.Length; i += BlockBytes)
        {
            if (blocks.Slice(i, BlockBytes).ContainsAnyExcept((byte)0))
            {
                continue;
            }
            if (WriteBlocks(blocks[start..i], at + start) is not 0 and var error)
            {
                return error;
            }
            start = i + BlockBytes;
        }
        return WriteBlocks(blocks[start..], at + start);
    }

    private int WriteBlocks(ReadOnlySpan<byte> blocks, long at)
    {
        var error = -LibcFiles.WriteAt(descriptor.Number, blocks, at);
        if (error != LibcError.Invalid)
        {
            return error;
        }
        // It agreed and then would not, as some file systems do over the size of a block: from here on the usual way.
        _ = LibcFiles.SetDirect(descriptor.Number, isDirect: false);
        return -LibcFiles.WriteAt(descriptor.Number, blocks, at);
    }
}

/// <summary>Two buffers that begin at a multiple of a block, for one file at a time.</summary>
internal sealed class DirectBuffers
{
    private const int Alignment = 4096;
    private const int BufferBytes = 1 << 20;

    private readonly Memory<byte> second;

    public DirectBuffers()
    {
        var memory = GC.AllocateUninitializedArray<byte>((2 * BufferBytes) + Alignment, pinned: true);
        var start = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0) & (Alignment - 1));
        First = memory.AsMemory(start, BufferBytes);
        second = memory.AsMemory(start + BufferBytes, BufferBytes);
    }

    public Memory<byte> First { get; }

    public Memory<byte> Other(Memory<byte> one) => one.Equals(First) ? second : First;
}
