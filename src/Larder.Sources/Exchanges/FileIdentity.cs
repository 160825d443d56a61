using System.Globalization;
using Larder.Sources.Native;

namespace Larder.Sources.Exchanges;

/// <summary>
/// Tells a file or folder from another one whatever it is called now. Without its device: that number may change when the machine is
/// started again, and the two that are told apart lie on one.
/// </summary>
/// <param name="Inode">Its number on its file system.</param>
/// <param name="Born">When it was made, in nanoseconds since 1970, so that a number used again is another one; 0 where not known.</param>
internal readonly record struct FileIdentity(ulong Inode, long Born)
{
    /// <summary>Of what has this name, symlinks not followed; null for nothing.</summary>
    public static FileIdentity? Of(string path) => LibcPath.TryLook(path, out var look)
        ? new FileIdentity(look.Inode, unchecked((look.BornSeconds * 1_000_000_000) + look.BornNanoseconds))
        : null;

    public static FileIdentity Parse(string text)
    {
        var parts = text.Split(':');
        return new FileIdentity(
            ulong.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public bool Is(FileIdentity? other) =>
        other is { } one && one.Inode == Inode && (one.Born == Born || one.Born == 0 || Born == 0);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Inode}:{Born}");
}
