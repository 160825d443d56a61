using System.Security.Cryptography;
using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// A private folder in which a tree is written whole before it appears at its target: for targets that do not exist or are empty. It lies
/// on the target's file system, as <c>.larder-restoring-RANDOM</c>. Disposing without <see cref="Publish"/> removes all that was written.
/// </summary>
public sealed class StagingFolder : IDisposable
{
    private readonly string target;
    private readonly bool targetStands;
    private readonly MadeFolders parents;
    private readonly string name = $".larder-restoring-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
    private bool isPublished;

    private StagingFolder(string target)
    {
        this.target = target;
        targetStands = Directory.Exists(target);
        Holder = targetStands ? target : Path.GetDirectoryName(target)!;
        parents = MadeFolders.Make(Holder);
        FullPath = Path.Combine(Holder, name);
        try
        {
            Directory.CreateDirectory(FullPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            parents.RemoveEmpty();
            throw new SourceException(SourceError.TargetFailed, $"The folder \"{Holder}\" cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Where to write.</summary>
    public string FullPath { get; }

    private string Holder { get; }

    /// <summary>Whether a target can be staged: it does not exist, or is an empty folder.</summary>
    public static bool Fits(string target) =>
        Directory.Exists(target) ? !Directory.EnumerateFileSystemEntries(target).Any() : !Path.Exists(target);

    /// <summary>
    /// Fails with <see cref="SourceException"/>, <see cref="SourceError.TargetExists"/> where something stands at the target.
    /// </summary>
    /// <param name="target">An absolute path.</param>
    public static StagingFolder Create(string target)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        return Fits(target)
            ? new StagingFolder(target)
            : throw new SourceException(SourceError.TargetExists, $"{target} was to be new or empty, and something stands there now.");
    }

    /// <summary>Puts what was written into its place, by renaming. Fails with <see cref="SourceException"/>.</summary>
    public void Publish()
    {
        using var holder = Open(Holder);
        if (targetStands)
        {
            MoveChildren(holder);
        }
        else
        {
            var error = Move(
                holder,
                LibcFiles.Terminate(Encoding.UTF8.GetBytes(name)),
                holder,
                LibcFiles.Terminate(Encoding.UTF8.GetBytes(Path.GetFileName(target))));
            ThrowIf(error, target);
        }
        isPublished = true;
        ThrowIf(-LibcFiles.Sync(holder.Number), Holder);
    }

    public void Dispose()
    {
        if (isPublished)
        {
            return;
        }
        isPublished = true;
        using (var holder = Open(Holder))
        {
            _ = FolderRemoval.Remove(holder.Number, LibcFiles.Terminate(Encoding.UTF8.GetBytes(name)));
        }
        parents.RemoveEmpty();
    }

    /// <summary>The target may be a mount point, which cannot be replaced: then each of its children is moved.</summary>
    private void MoveChildren(LibcDescriptor holder)
    {
        using (var staging = Open(FullPath))
        {
            var names = DirectoryNames.Read(staging.Number, new byte[4096], out var error);
            ThrowIf(error, FullPath);
            for (var i = 0; i < names.Count; i++)
            {
                ThrowIf(Move(staging, names[i], holder, names[i]), target);
            }
        }
        ThrowIf(-LibcFiles.Unlink(holder.Number, LibcFiles.Terminate(Encoding.UTF8.GetBytes(name)), isDirectory: true), FullPath);
    }

    /// <summary>Renames. Moving a folder writes its "..", for which whoever is not root needs the right to write it.</summary>
    private static int Move(LibcDescriptor from, ReadOnlySpan<byte> name, LibcDescriptor to, ReadOnlySpan<byte> newName)
    {
        var error = -LibcFiles.Move(from.Number, name, to.Number, newName);
        if (error != LibcError.AccessDenied || LibcFiles.Stat(from.Number, name, out var look) != 0 || !look.IsDirectory)
        {
            return error;
        }
        _ = LibcFiles.ChangeMode(from.Number, name, (look.Mode & 0xFFFu) | 0x80);
        error = -LibcFiles.Move(from.Number, name, to.Number, newName);
        _ = error == 0
            ? LibcFiles.ChangeMode(to.Number, newName, look.Mode & 0xFFFu)
            : LibcFiles.ChangeMode(from.Number, name, look.Mode & 0xFFFu);
        return error;
    }

    private static LibcDescriptor Open(string folder)
    {
        var number = LibcFiles.Open(Libc.AtFdCwd, LibcFiles.Terminate(Encoding.UTF8.GetBytes(folder)), Libc.OpenDirectory);
        return number >= 0
            ? new LibcDescriptor(number)
            : throw TargetFailure.At(new EntryPath(folder), "The folder cannot be opened", -number);
    }

    private static void ThrowIf(int error, string path)
    {
        if (error != 0)
        {
            throw TargetFailure.At(new EntryPath(path), "What was restored cannot be put in its place", error);
        }
    }
}
