using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Walks a live folder and one restored beside it, and puts into the second what only the first has: files by a second name, folders made
/// anew with their attributes. Never through a symlink. For one run.
/// </summary>
internal sealed class CarryOver
{
    private const int WarningsMax = 1000;
    private const int CopyBytes = 1 << 20;

    private readonly CancellationToken cancellationToken;
    private readonly AttributeReader attributes = new();
    private readonly AttributeWriter attributeWriter;
    private readonly List<SourceWarning> warnings = [];
    private readonly byte[] listing = new byte[64 * 1024];
    private byte[]? copying;
    private long folders;
    private long linked;
    private long copied;
    private long copiedBytes;
    private long others;

    public CarryOver(CancellationToken cancellationToken)
    {
        this.cancellationToken = cancellationToken;
        attributeWriter = new AttributeWriter(Warn);
    }

    public CarriedOver Run(string live, string beside)
    {
        using var from = OpenFolder(Libc.AtFdCwd, Terminated(live), new EntryPath(live));
        using var to = OpenFolder(Libc.AtFdCwd, Terminated(beside), new EntryPath(beside));
        Walk(from, to, new EntryPath(live), isNew: false);
        ThrowIf(-LibcFiles.SyncFileSystem(to.Number), new EntryPath(beside), "What was taken over cannot be brought to disk");
        return new CarriedOver
        {
            Folders = folders,
            Linked = linked,
            Copied = copied,
            CopiedBytes = copiedBytes,
            Others = others,
            Warnings = warnings,
        };
    }

    /// <summary>A level of folders costs two descriptors, its names and about 300 bytes of stack.</summary>
    private void Walk(LibcDescriptor from, LibcDescriptor to, EntryPath path, bool isNew)
    {
        ThrowIf(-LibcFiles.Stat(to.Number, out var before), path, "The restored folder cannot be looked at");
        var names = DirectoryNames.Read(from.Number, listing, out var error);
        ThrowIf(error, path, "The live folder cannot be read");
        var added = false;
        for (var i = 0; i < names.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            added |= Take(from, to, names[i], Child(path, names[i]), isNew);
        }
        if (added && !isNew)
        {
            // What is put into a folder moves its time, and the backup said what it was.
            _ = LibcFiles.SetTimes(
                to.Number,
                new EntryTime(before.AccessedSeconds, (int)before.AccessedNanoseconds),
                new EntryTime(before.ModifiedSeconds, (int)before.ModifiedNanoseconds));
        }
    }

    /// <param name="isNew">Whether the folder was made by us, so that nothing stands in it.</param>
    /// <returns>Whether the restored folder got a name.</returns>
    private bool Take(LibcDescriptor from, LibcDescriptor to, ReadOnlySpan<byte> name, EntryPath path, bool isNew)
    {
        var error = -LibcFiles.Stat(from.Number, name, out var look);
        if (error == LibcError.NotFound)
        {
            return false; // Gone meanwhile.
        }
        ThrowIf(error, path, "A live file cannot be looked at");
        LibcStatx standing = default;
        error = isNew ? LibcError.NotFound : -LibcFiles.Stat(to.Number, name, out standing);
        if (error == 0)
        {
            Merge(from, to, name, path, look, standing);
            return false;
        }
        if (error != LibcError.NotFound)
        {
            ThrowIf(error, path, "What was restored cannot be looked at");
        }
        if (look.IsDirectory)
        {
            MakeFolder(from, to, name, path, look);
            return true;
        }
        return TakeFile(from, to, name, path, look);
    }

    private void Merge(
        LibcDescriptor from, LibcDescriptor to, ReadOnlySpan<byte> name, EntryPath path, in LibcStatx look, in LibcStatx standing)
    {
        if (!look.IsDirectory)
        {
            return; // What the backup has wins.
        }
        if (!standing.IsDirectory)
        {
            Warn(path, "The folder and what is in it are not taken over: the backup has something else of this name.");
            return;
        }
        using var inner = OpenFolder(from.Number, name, path);
        using var innerTo = OpenFolder(to.Number, name, path);
        Walk(inner, innerTo, path, isNew: false);
    }

    private void MakeFolder(LibcDescriptor from, LibcDescriptor to, ReadOnlySpan<byte> name, EntryPath path, in LibcStatx look)
    {
        ThrowIf(-LibcFiles.MakeDirectory(to.Number, name, 0x1C0), path, "The folder cannot be made"); // 0700 until it is filled.
        using var inner = OpenFolder(from.Number, name, path);
        using var innerTo = OpenFolder(to.Number, name, path);
        Walk(inner, innerTo, path, isNew: true);
        attributeWriter.Apply(path, innerTo.Number, ReadAttributes(from, name, path, look));
        folders++;
    }

    private bool TakeFile(LibcDescriptor from, LibcDescriptor to, ReadOnlySpan<byte> name, EntryPath path, in LibcStatx look)
    {
        var error = -LibcFiles.Link(from.Number, name, to.Number, name);
        if (error == LibcError.NotFound)
        {
            return false; // Gone meanwhile.
        }
        if (error == 0)
        {
            _ = look.IsFile ? linked++ : others++;
            return true;
        }
        if (error is LibcError.NoSpace or LibcError.QuotaExceeded or LibcError.Exists)
        {
            ThrowIf(error, path, "The file cannot be taken over");
        }

        // No right to link what belongs to another user, too many links, or a file system that knows none.
        var read = ReadAttributes(from, name, path, look);
        switch (read.Type)
        {
            case EntryType.File:
                copiedBytes += Copy(from, to, name, path, read);
                copied++;
                return true;
            case EntryType.Socket:
                Warn(path, "The socket is not taken over: only the program that listens can make one.");
                return false;
            case EntryType.Symlink:
                error = -LibcFiles.Symlink(LibcFiles.Terminate(read.LinkTarget!.Value.Span), to.Number, name);
                break;
            default:
                error = -LibcFiles.MakeNode(to.Number, name, look.Type | 0x180, read.Device);
                break;
        }
        ThrowIf(error, path, "The entry cannot be taken over");
        attributeWriter.Apply(path, to.Number, name, read);
        others++;
        return true;
    }

    private long Copy(LibcDescriptor from, LibcDescriptor to, ReadOnlySpan<byte> name, EntryPath path, EntryAttributes read)
    {
        copying ??= new byte[CopyBytes];
        using var source = new LibcDescriptor(LibcFiles.OpenQuietly(from.Number, name, Libc.OpenNoFollow | Libc.OpenNonBlocking));
        ThrowIf(source.IsInvalid ? -source.Number : 0, path, "The live file cannot be read");
        const int flags = Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenExclusive;
        using var target = new LibcDescriptor(LibcFiles.Open(to.Number, name, flags | Libc.OpenNoFollow, 0x180)); // 0600
        ThrowIf(target.IsInvalid ? -target.Number : 0, path, "The copy cannot be made");
        var written = 0L;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = LibcFiles.Read(source.Number, copying);
            ThrowIf(Math.Max(-count, 0), path, "The live file cannot be read");
            if (count == 0)
            {
                break;
            }
            ThrowIf(-LibcFiles.WriteAt(target.Number, copying.AsSpan(0, count), written), path, "The copy cannot be written");
            written += count;
        }
        attributeWriter.Apply(path, target.Number, read);
        return written;
    }

    private EntryAttributes ReadAttributes(LibcDescriptor folder, ReadOnlySpan<byte> name, EntryPath path, in LibcStatx look)
    {
        var read = attributes.Read(folder.Number, name, look, out var error);
        if (error != 0)
        {
            Warn(path, $"Not all of its attributes could be read: {LibcError.Describe(error)}.");
        }
        return read;
    }

    private static LibcDescriptor OpenFolder(int parent, ReadOnlySpan<byte> name, EntryPath path)
    {
        var number = LibcFiles.OpenQuietly(parent, name, Libc.OpenDirectory | Libc.OpenNoFollow);
        ThrowIf(Math.Max(-number, 0), path, "The folder cannot be opened");
        return new LibcDescriptor(number);
    }

    private static EntryPath Child(EntryPath path, ReadOnlySpan<byte> name) => new([.. path.Bytes, (byte)'/', .. name[..^1]]);

    private static byte[] Terminated(string path) => LibcFiles.Terminate(Encoding.UTF8.GetBytes(path));

    private void Warn(EntryPath path, string reason)
    {
        if (warnings.Count < WarningsMax)
        {
            warnings.Add(new SourceWarning(path.ToString(), reason));
        }
    }

    private static void ThrowIf(int error, EntryPath path, string what)
    {
        if (error != 0)
        {
            throw TargetFailure.At(path, what, error);
        }
    }
}
