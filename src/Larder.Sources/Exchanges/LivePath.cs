using System.Security.Cryptography;
using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Exchanges;

/// <summary>A file or folder that shall be exchanged by renaming, and the names beside it.</summary>
public static class LivePath
{
    // The longest that is made of a name is `..NAME.larder-TOKEN-old-journal`: 200 + 32 bytes of the 255 that a name may have.
    private const int NameBytesMax = 200;

    /// <summary>
    /// What is really exchanged: the absolute path, and where a symlink stands there, what it leads to in the end, there or not.
    /// Fails with <see cref="SourceException"/> for a symlink that leads in a circle.
    /// </summary>
    public static string Resolve(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            return new FileInfo(full).LinkTarget is null
                ? full
                : Path.TrimEndingDirectorySeparator(File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(SourceError.TargetFailed, $"Where {full} leads cannot be found out: {e.Message}", e);
        }
    }

    /// <summary>
    /// Why what stands at a path, or shall stand there, cannot be exchanged by renaming; null where it can. To find out, a small file is
    /// made in its folder and removed again.
    /// </summary>
    public static string? WhyNot(string path)
    {
        path = Resolve(path);
        if (Path.GetDirectoryName(path) is not { } folder)
        {
            return $"{path} is the root of all folders";
        }
        try
        {
            return WhyNotMoved(path, folder) ?? WhyNotWritten(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{path} cannot be looked at: {e.Message}";
        }
    }

    /// <summary>File systems that are mounted below a folder: exchanged with it they would go away with the old one.</summary>
    public static IReadOnlyList<string> FindMountsBelow(string path)
    {
        // "36 35 98:0 /mnt1 /mnt/parent master:1 - ext3 ...": the fifth word is where; proc_pid_mountinfo(5).
        var inside = path + "/";
        return [.. File.ReadLines("/proc/self/mountinfo")
            .Select(line => Unescape(line.Split(' ')[4]))
            .Where(place => place.StartsWith(inside, StringComparison.Ordinal))];
    }

    /// <summary>Names for what lies beside a path; two paths never get the same.</summary>
    /// <param name="live">Resolved.</param>
    /// <param name="token">Of the restore, from <see cref="ExchangeNames.TokenOf"/>.</param>
    internal static string Beside(string live, string token) =>
        Path.Combine(Path.GetDirectoryName(live)!, $".{Shortened(Path.GetFileName(live))}.larder-{token}");

    /// <summary>Whether two names in the folder of a path can be exchanged at one moment.</summary>
    internal static bool CanExchange(string live)
    {
        var folder = NearestFolder(Path.GetDirectoryName(live)!);
        if (LibcPath.TryLook(live, out var look) && look.IsDirectory
            && LibcPath.TryLook(folder, out var above) && look.Device != above.Device)
        {
            return false; // A btrfs subvolume is renamed like a folder, but is not exchanged for one.
        }
        var probe = ProbeName(folder);
        try
        {
            File.Create(probe).Dispose();
            File.Create(probe + "2").Dispose();
            return LibcPath.TryExchange(probe, probe + "2");
        }
        finally
        {
            File.Delete(probe);
            File.Delete(probe + "2");
        }
    }

    private static string? WhyNotMoved(string path, string folder)
    {
        const ulong fixedInPlace = LibcStatx.Immutable | LibcStatx.AppendOnly;
        if (!LibcPath.TryLook(path, out var look) || !LibcPath.TryLook(folder, out var above))
        {
            return null; // Nothing stands there, so nothing must be moved away.
        }
        if ((look.Traits & LibcStatx.MountRoot) != 0)
        {
            return $"{path} is a mount point";
        }
        if (look.IsDirectory && FindMountsBelow(path) is [var mounted, ..])
        {
            return $"another file system is mounted below it, at {mounted}";
        }
        if ((look.Traits & fixedInPlace) != 0 || (above.Traits & fixedInPlace) != 0)
        {
            return $"{path} or its folder is marked as not to be changed (see chattr)";
        }
        const uint sticky = 0x200;
        var user = Libc.EffectiveUser();
        return (above.Mode & sticky) != 0 && user != 0 && user != look.Uid && user != above.Uid
            ? $"it belongs to another user, and in {folder} only the owner may rename a file"
            : null;
    }

    private static string? WhyNotWritten(string folder)
    {
        var probe = ProbeName(NearestFolder(folder));
        try
        {
            File.Create(probe).Dispose();
            File.Delete(probe);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"in {Path.GetDirectoryName(probe)} nothing can be written: {e.Message}";
        }
    }

    private static string NearestFolder(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
        {
            folder = above;
        }
        return folder;
    }

    private static string ProbeName(string folder) =>
        Path.Combine(folder, $".larder-probe-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");

    /// <summary>A name that is too long keeps its beginning, and gets a part of its hash so that no other name becomes the same.</summary>
    private static string Shortened(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length <= NameBytesMax)
        {
            return name;
        }
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes)[..8]);
        var kept = new StringBuilder();
        var length = 1 + hash.Length;
        foreach (var rune in name.EnumerateRunes())
        {
            length += rune.Utf8SequenceLength;
            if (length > NameBytesMax)
            {
                break;
            }
            kept.Append(rune);
        }
        return $"{kept}~{hash}";
    }

    /// <summary>Blanks and their like are written as <c>\040</c>.</summary>
    private static string Unescape(string place)
    {
        if (!place.Contains('\\', StringComparison.Ordinal))
        {
            return place;
        }
        var text = new StringBuilder();
        for (var i = 0; i < place.Length; i++)
        {
            if (place[i] == '\\' && i + 3 < place.Length)
            {
                text.Append((char)(((place[i + 1] - '0') * 64) + ((place[i + 2] - '0') * 8) + (place[i + 3] - '0')));
                i += 3;
            }
            else
            {
                text.Append(place[i]);
            }
        }
        return text.ToString();
    }
}
