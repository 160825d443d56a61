using System.Security.Cryptography;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Small files that must be whole or not there, and still there after a power cut.</summary>
public static class DurableFile
{
    /// <summary>
    /// Makes a file that only its owner may read and write: under a temporary name beside its place, flushed, renamed over nothing, and its
    /// folder flushed. Fails with <see cref="IOException"/>, also where something has the name, or
    /// <see cref="UnauthorizedAccessException"/>; then nothing of it stays.
    /// </summary>
    /// <param name="path">In a folder that exists.</param>
    public static void CreatePrivate(string path, ReadOnlySpan<byte> content) => CreateHeld(path, content).Dispose();

    /// <summary>
    /// The same, and nobody else can open it from the moment when it has its name until the caller disposes it.
    /// </summary>
    /// <returns>Open for reading and writing, at its end.</returns>
    public static FileStream CreateHeld(string path, ReadOnlySpan<byte> content) => Write(path, content, isPrivate: true, LibcPath.Rename);

    /// <summary>The same with the permissions that a new file has, over what has the name; where it fails, that stays.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content) =>
        Write(path, content, isPrivate: false, (from, to) => File.Move(from, to, overwrite: true)).Dispose();

    /// <summary>
    /// Writes one file's content into another where it stands, for where nothing may be made beside it: not whole in between, but on disk
    /// when this completes. Fails as the others do.
    /// </summary>
    public static async Task OverwriteAsync(string from, string path, CancellationToken cancellationToken)
    {
        await using var source = File.OpenRead(from);
        await using var target = new FileStream(path, FileMode.Create, FileAccess.Write);
        await source.CopyToAsync(target, cancellationToken);
        target.Flush(flushToDisk: true);
    }

    private static FileStream Write(string path, ReadOnlySpan<byte> content, bool isPrivate, Action<string, string> rename)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
        FileStream? file = null;
        try
        {
            file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = isPrivate ? UnixFileMode.UserRead | UnixFileMode.UserWrite : null,
            });
            file.Write(content);
            file.Flush(flushToDisk: true);
            rename(temporary, path);
            LibcPath.FlushFolder(folder);
            return file;
        }
        catch
        {
            file?.Dispose();
            File.Delete(temporary);
            throw;
        }
    }
}
