using System.Security.Cryptography;
using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Writes what a backup holds into a folder. Nothing is ever written outside of it, whatever the backup says; what stands there is
/// replaced only by something whole. Missing parent folders are made. Several threads may use one writer.
/// </summary>
/// <remarks>
/// A file that replaces another is on disk before it takes the other's place. New files are made durable together, by
/// <see cref="FinishAsync"/>. All methods fail with <see cref="SourceException"/>.
/// </remarks>
public sealed class FileTreeWriter : IDisposable
{
    private const int WarningsMax = 1000;

    private readonly FileTreeWriterOptions options;
    private readonly Lock gate = new();
    private readonly TargetFolders folders;
    private readonly AttributeWriter attributeWriter;
    private readonly List<(EntryPath Path, EntryAttributes Attributes)> directories = [];
    private readonly Dictionary<ulong, LibcDescriptor> fileSystems = [];
    private readonly List<SourceWarning> warnings = [];
    private readonly string temporaryPrefix = $".larder-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}-";
    private DirectBuffers? kept;
    private long temporaryCount;
    private long warningsLeftOut;

    /// <param name="root">An absolute path; made, with its parents, where it does not exist. It may be a symlink: its writer meant
    /// that.</param>
    public FileTreeWriter(string root, FileTreeWriterOptions options)
    {
        if (!Path.IsPathFullyQualified(root))
        {
            throw new ArgumentException($"The path \"{root}\" is not absolute.", nameof(root));
        }
        this.options = options;
        try
        {
            Directory.CreateDirectory(root);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(SourceError.TargetFailed, $"The folder \"{root}\" cannot be made: {exception.Message}", exception);
        }
        var number = LibcFiles.Open(Libc.AtFdCwd, LibcFiles.Terminate(Encoding.UTF8.GetBytes(root)), Libc.OpenDirectory);
        if (number < 0)
        {
            throw TargetFailure.At(new EntryPath(root), "The folder cannot be opened", -number);
        }
        folders = new TargetFolders(new LibcDescriptor(number));
        attributeWriter = new AttributeWriter(Warn);
    }

    /// <summary>What could not be set or made, such as owners when not running as root. At most 1,000, and a count of the rest.</summary>
    public IReadOnlyList<SourceWarning> Warnings
    {
        get
        {
            lock (gate)
            {
                return warningsLeftOut == 0
                    ? [.. warnings]
                    : [.. warnings, new SourceWarning("", $"There were {warningsLeftOut} more warnings like these.")];
            }
        }
    }

    /// <summary>Makes the folder, or goes on with the one that stands there. Its attributes are set by <see cref="FinishAsync"/>.</summary>
    public void CreateDirectory(EntryPath path, EntryAttributes attributes)
    {
        TargetPath.Confirm(path);
        lock (gate)
        {
            var parent = folders.Open(TargetPath.Parent(path), create: true);
            var name = TargetPath.Name(path);
            var error = -LibcFiles.MakeDirectory(parent.Number, name, 0x1C0); // 0700: private until its own permissions are set.
            if (error == LibcError.Exists)
            {
                error = StandingFolder(parent, path, name);
            }
            if (error != 0)
            {
                throw TargetFailure.At(path, "The folder cannot be made", error);
            }
            NoteFileSystem(folders.Open(path, create: false));
            directories.Add((path, attributes));
        }
    }

    /// <summary>Begins a file under a temporary name.</summary>
    /// <param name="bytes">Its expected length. Without holes, room for it is reserved, so a full disk is known at once.</param>
    public FileTarget BeginFile(EntryPath path, EntryAttributes attributes, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        TargetPath.Confirm(path);
        lock (gate)
        {
            var folder = folders.Open(TargetPath.Parent(path), create: true);
            var temporaryName = TemporaryName();
            const int flags = Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenExclusive;
            var number = LibcFiles.Open(folder.Number, temporaryName, flags | Libc.OpenNoFollow, 0x180); // 0600
            if (number < 0)
            {
                throw TargetFailure.At(path, "The file cannot be made", -number);
            }
            var added = false;
            folder.DangerousAddRef(ref added);
            var buffers = bytes >= DirectFile.FileBytesMin ? Interlocked.Exchange(ref kept, null) ?? new DirectBuffers() : null;
            var target =
                new FileTarget(this, path, attributes, folder, temporaryName, new LibcDescriptor(number), options.Sparse, buffers, bytes);
            if (!options.Sparse && bytes > 0 && LibcFiles.Reserve(number, bytes) == -LibcError.NoSpace)
            {
                target.Dispose();
                throw TargetFailure.At(path, "The file cannot be made", LibcError.NoSpace);
            }
            return target;
        }
    }

    public void CreateSymlink(EntryPath path, EntryAttributes attributes)
    {
        TargetPath.Confirm(path);
        var target = attributes.LinkTarget
            ?? throw new SourceException(SourceError.TargetFailed, $"The backup holds no target for the symlink \"{path}\".");
        if (target.IsEmpty || target.Span.Contains((byte)0))
        {
            throw new SourceException(SourceError.TargetFailed, $"The target of the symlink \"{path}\" is empty or holds a NUL.");
        }
        lock (gate)
        {
            var folder = folders.Open(TargetPath.Parent(path), create: true);
            var temporaryName = TemporaryName();
            var error = -LibcFiles.Symlink(LibcFiles.Terminate(target.Span), folder.Number, temporaryName);
            if (error != 0)
            {
                throw TargetFailure.At(path, "The symlink cannot be made", error);
            }
            attributeWriter.Apply(path, folder.Number, temporaryName, attributes);
            PlaceOrRemove(path, folder, temporaryName);
        }
    }

    /// <summary>Makes <paramref name="path"/> one more name of <paramref name="existing"/>, which was written before.</summary>
    public void CreateHardLink(EntryPath path, EntryPath existing)
    {
        TargetPath.Confirm(path);
        TargetPath.Confirm(existing);
        lock (gate)
        {
            var folder = folders.Open(TargetPath.Parent(path), create: true);
            var temporaryName = TemporaryName();
            var error = Link(folder);
            if (error != 0)
            {
                throw TargetFailure.At(path, $"The hard link to \"{existing}\" cannot be made", error);
            }
            PlaceOrRemove(path, folder, temporaryName);

            // Renaming one name of a file over another of the same file does nothing, and leaves the temporary name behind.
            _ = LibcFiles.Unlink(folder.Number, temporaryName);

            int Link(LibcDescriptor into)
            {
                var added = false;
                into.DangerousAddRef(ref added); // Opening the second folder may close the first.
                try
                {
                    var from = folders.Open(TargetPath.Parent(existing), create: false);
                    return -LibcFiles.Link(from.Number, TargetPath.Name(existing), into.Number, temporaryName);
                }
                finally
                {
                    into.DangerousRelease();
                }
            }
        }
    }

    /// <summary>Makes a pipe or a device. Sockets are left out: only the program that listens can make one.</summary>
    public void CreateSpecial(EntryPath path, EntryAttributes attributes)
    {
        TargetPath.Confirm(path);
        uint type;
        switch (attributes.Type)
        {
            case EntryType.Fifo:
                type = LibcStatx.TypeFifo;
                break;
            case EntryType.CharacterDevice:
                type = LibcStatx.TypeCharacterDevice;
                break;
            case EntryType.BlockDevice:
                type = LibcStatx.TypeBlockDevice;
                break;
            case EntryType.Socket:
                return;
            default:
                throw new ArgumentException($"An entry of type {attributes.Type} is no special file.", nameof(attributes));
        }
        lock (gate)
        {
            var folder = folders.Open(TargetPath.Parent(path), create: true);
            var temporaryName = TemporaryName();
            var error = -LibcFiles.MakeNode(folder.Number, temporaryName, type | 0x180, attributes.Device);
            if (error == LibcError.NotPermitted)
            {
                Warn(path, "The device is left out: only root may make one.");
                return;
            }
            if (error != 0)
            {
                throw TargetFailure.At(path, "The special file cannot be made", error);
            }
            attributeWriter.Apply(path, folder.Number, temporaryName, attributes);
            PlaceOrRemove(path, folder, temporaryName);
        }
    }

    /// <summary>Sets the folders' attributes, deepest first, and waits until everything is on disk.</summary>
    public Task FinishAsync(CancellationToken cancellationToken) => Task.Run(() => Finish(cancellationToken), cancellationToken);

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var descriptor in fileSystems.Values)
            {
                descriptor.DangerousRelease();
            }
            fileSystems.Clear();
            folders.Dispose();
        }
    }

    /// <summary>Takes buffers back of which nothing is being written any more.</summary>
    internal void Return(DirectBuffers buffers) => kept = buffers;

    /// <summary>Gives a finished file its attributes and its name.</summary>
    internal void Place(EntryPath path, EntryAttributes attributes, LibcDescriptor folder, byte[] temporaryName, LibcDescriptor file)
    {
        attributeWriter.Apply(path, file.Number, attributes);
        var name = TargetPath.Name(path);
        var error = -LibcFiles.Rename(folder.Number, temporaryName, name, replace: false);
        if (error is LibcError.Exists or LibcError.Invalid)
        {
            // What stands there is good until the new one is on disk; a crash must not leave an empty file in its place.
            error = -LibcFiles.Sync(file.Number);
            if (error == 0)
            {
                lock (gate)
                {
                    error = Replace(path, folder, temporaryName, name);
                }
            }
        }
        if (error != 0)
        {
            throw TargetFailure.At(path, "The file cannot be put in its place", error);
        }
    }

    private void Finish(CancellationToken cancellationToken)
    {
        SetDirectories(cancellationToken);
        lock (gate)
        {
            // One call for each file system: an fsync for each file would take many times as long.
            foreach (var descriptor in fileSystems.Values.Prepend(folders.Root))
            {
                var error = -LibcFiles.SyncFileSystem(descriptor.Number);
                if (error != 0)
                {
                    throw TargetFailure.At(default, "The restored files cannot be brought to disk", error);
                }
            }
        }
    }

    /// <summary>The first half of <see cref="FinishAsync"/>, on the caller's thread.</summary>
    internal void SetDirectories(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            // Descending byte order puts whatever lies in a folder before the folder.
            directories.Sort((left, right) => right.Path.Bytes.SequenceCompareTo(left.Path.Bytes));
            foreach (var (path, attributes) in directories)
            {
                cancellationToken.ThrowIfCancellationRequested();
                attributeWriter.Apply(path, folders.Open(path, create: false).Number, attributes);
            }
            directories.Clear();
        }
    }

    /// <summary>Something has the folder's name. Returns 0 where it is a folder, or may be and was replaced by one.</summary>
    private int StandingFolder(LibcDescriptor parent, EntryPath path, byte[] name)
    {
        var error = -LibcFiles.Stat(parent.Number, name, out var standing);
        if (error != 0 || standing.IsDirectory)
        {
            return error;
        }
        if (!options.ReplaceOtherTypes)
        {
            throw new SourceException(
                SourceError.TargetExists, $"A folder is to be restored at \"{path}\", and something else stands there.");
        }
        error = -LibcFiles.Unlink(parent.Number, name);
        return error != 0 ? error : -LibcFiles.MakeDirectory(parent.Number, name, 0x1C0);
    }

    private void PlaceOrRemove(EntryPath path, LibcDescriptor folder, byte[] temporaryName)
    {
        var name = TargetPath.Name(path);
        var isPlaced = false;
        try
        {
            var error = -LibcFiles.Rename(folder.Number, temporaryName, name, replace: false);
            if (error is LibcError.Exists or LibcError.Invalid)
            {
                error = Replace(path, folder, temporaryName, name);
            }
            isPlaced = error == 0 ? true : throw TargetFailure.At(path, "The entry cannot be put in its place", error);
        }
        finally
        {
            if (!isPlaced)
            {
                _ = LibcFiles.Unlink(folder.Number, temporaryName);
            }
        }
    }

    /// <summary>
    /// Renames over what stands there, as far as the options allow. (Some file systems know no rename that refuses to replace.)
    /// </summary>
    private int Replace(EntryPath path, LibcDescriptor folder, byte[] temporaryName, byte[] name)
    {
        var error = -LibcFiles.Stat(folder.Number, name, out var standing);
        if (error is not 0 and not LibcError.NotFound)
        {
            return error;
        }
        if (error == 0 && standing.IsDirectory)
        {
            if (!options.ReplaceOtherTypes)
            {
                throw new SourceException(
                    SourceError.TargetExists, $"A folder stands at \"{path}\", where something else is to be restored.");
            }
            folders.Forget(path);
            directories.RemoveAll(directory => TargetPath.IsAtOrBelow(directory.Path, path));
            error = FolderRemoval.Remove(folder.Number, name);
            if (error != 0)
            {
                return error;
            }
        }
        else if (error == 0 && !options.Overwrite)
        {
            throw new SourceException(SourceError.TargetExists, $"\"{path}\" exists and is not to be replaced.");
        }
        return -LibcFiles.Rename(folder.Number, temporaryName, name, replace: true);
    }

    private byte[] TemporaryName() => options.UnfinishedName is { } name
        ? LibcFiles.Terminate(Encoding.UTF8.GetBytes(name))
        : Encoding.ASCII.GetBytes($"{temporaryPrefix}{temporaryCount++:x}.tmp\0");

    private void NoteFileSystem(LibcDescriptor folder)
    {
        if (LibcFiles.Stat(folder.Number, out var look) == 0 && !fileSystems.ContainsKey(look.Device))
        {
            var added = false;
            folder.DangerousAddRef(ref added);
            fileSystems.Add(look.Device, folder);
        }
    }

    private void Warn(EntryPath path, string reason)
    {
        lock (gate)
        {
            if (warnings.Count < WarningsMax)
            {
                warnings.Add(new SourceWarning(path.ToString(), reason));
            }
            else
            {
                warningsLeftOut++;
            }
        }
    }
}
