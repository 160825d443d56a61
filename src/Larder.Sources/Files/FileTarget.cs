using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// A file that is being restored, under a temporary name beside its place. Written from beginning to end; <see cref="Complete"/> puts it
/// into its place, disposing without that removes it. Several may be open at once, each used by one thread at a time.
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
        bool sparse)
    {
        this.writer = writer;
        this.path = path;
        this.attributes = attributes;
        this.folder = folder;
        this.temporaryName = temporaryName;
        this.descriptor = descriptor;
        this.sparse = sparse;
    }

    /// <summary>Appends. Zeros that fill whole blocks of 4 KiB are skipped and become holes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
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
    public void Complete()
    {
        var error = -LibcFiles.Truncate(descriptor.Number, position); // A hole at the end is not there until the length says so.
        if (error != 0)
        {
            throw TargetFailure.At(path, "The file cannot be written", error);
        }
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
        var error = -LibcFiles.WriteAt(descriptor.Number, bytes, position);
        if (error != 0)
        {
            throw TargetFailure.At(path, "The file cannot be written", error);
        }
        position += bytes.Length;
    }
}
