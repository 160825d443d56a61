using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// A file that is being restored, under a temporary name beside its place. Written from beginning to end; <see cref="CompleteAsync"/> puts
/// it into its place, disposing without that removes it. Several may be open at once, each used by one thread at a time.
/// </summary>
public sealed class FileTarget : IDisposable
{
    private const int BlockBytes = 4096; // Holes begin and end at the blocks of the usual file systems.

    private readonly FileTreeWriter writer;
    private readonly EntryPath path;
    private readonly EntryAttributes attributes;
    private readonly LibcDescriptor folder;
    private readonly byte[] temporaryName;
    private readonly LibcDescriptor descriptor;
    private readonly bool sparse;
    private readonly DirectBuffers? buffers;
    private readonly DirectFile? direct;
    private long position;
    private bool isInPlace;
    private bool isDisposed;

    internal FileTarget(
        FileTreeWriter writer,
        EntryPath path,
        EntryAttributes attributes,
        LibcDescriptor folder,
        byte[] temporaryName,
        LibcDescriptor descriptor,
        bool sparse,
        DirectBuffers? buffers,
        long bytes)
    {
        this.writer = writer;
        this.path = path;
        this.attributes = attributes;
        this.folder = folder;
        this.temporaryName = temporaryName;
        this.descriptor = descriptor;
        this.sparse = sparse;
        this.buffers = buffers;
        direct = DirectFile.TryBegin(descriptor, bytes, sparse, buffers);
    }

    /// <summary>
    /// Appends. Zeros that fill whole blocks of 4 KiB are skipped and become holes. Fails with <see cref="SourceException"/>, of a large
    /// file perhaps only at a later call: it is written while the next bytes are gathered.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (direct is not null)
        {
            return AppendAsync(direct, bytes);
        }
        Write(bytes.Span);
        return default;
    }

    private async ValueTask AppendAsync(DirectFile file, ReadOnlyMemory<byte> bytes)
    {
        ThrowIf(await file.AppendAsync(bytes));
        position += bytes.Length;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (!sparse)
        {
            WriteData(bytes);
            return;
        }
        var data = 0; // How much from the front is known to be data and not yet written.
        while (data < bytes.Length)
        {
            var toBorder = (int)(BlockBytes - ((position + data) % BlockBytes));
            var block = bytes.Slice(data, Math.Min(toBorder, bytes.Length - data));
            if (block.ContainsAnyExcept((byte)0))
            {
                data += block.Length;
                continue;
            }
            WriteData(bytes[..data]);
            position += block.Length; // What was never written reads as zeros, part of a block too.
            bytes = bytes[(data + block.Length)..];
            data = 0;
        }
        WriteData(bytes);
    }

    /// <summary>Sets the attributes and renames the file over what stood in its place. Fails with <see cref="SourceException"/>.</summary>
    public async ValueTask CompleteAsync()
    {
        if (direct is not null)
        {
            ThrowIf(await direct.FinishAsync());
            writer.Return(buffers!);
        }
        ThrowIf(-LibcFiles.Truncate(descriptor.Number, position)); // A hole at the end is not there until the length says so.
        writer.Place(path, attributes, folder, temporaryName, descriptor);
        isInPlace = true;
    }

    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }
        isDisposed = true;
        descriptor.Dispose();
        if (!isInPlace)
        {
            _ = LibcFiles.Unlink(folder.Number, temporaryName);
        }
        folder.DangerousRelease();
    }

    private void WriteData(ReadOnlySpan<byte> bytes)
    {
        ThrowIf(-LibcFiles.WriteAt(descriptor.Number, bytes, position));
        position += bytes.Length;
    }

    private void ThrowIf(int error)
    {
        if (error != 0)
        {
            throw TargetFailure.At(path, "The file cannot be written", error);
        }
    }
}
