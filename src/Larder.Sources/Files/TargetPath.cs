using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Paths that came out of a backup and are about to be written: they are not trusted.</summary>
internal static class TargetPath
{
    /// <summary>Fails with <see cref="SourceException"/> for a path with an empty, <c>.</c> or <c>..</c> segment, or with a NUL.</summary>
    public static void Confirm(EntryPath path)
    {
        var isGood = !path.Bytes.Contains((byte)0);
        foreach (var range in path.Bytes.Split((byte)'/'))
        {
            var name = path.Bytes[range];
            isGood &= !name.IsEmpty && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);
        }
        if (!isGood)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"The backup holds the path \"{path}\", which names no place inside the target.");
        }
    }

    public static EntryPath Parent(EntryPath path)
    {
        var slash = path.Bytes.LastIndexOf((byte)'/');
        return slash < 0 ? default : new EntryPath(path.Bytes[..slash].ToArray());
    }

    /// <summary>The last segment, with its NUL.</summary>
    public static byte[] Name(EntryPath path) => LibcFiles.Terminate(path.Bytes[(path.Bytes.LastIndexOf((byte)'/') + 1)..]);

    public static bool IsAtOrBelow(EntryPath path, EntryPath folder) =>
        path.Bytes.StartsWith(folder.Bytes) && (path.Bytes.Length == folder.Bytes.Length || path.Bytes[folder.Bytes.Length] == (byte)'/');
}
