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
    public static void CreatePrivate(string path, ReadOnlySpan<byte> content)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
        try
        {
            using (var file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            LibcPath.Rename(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        LibcPath.FlushFolder(folder);
    }
}
