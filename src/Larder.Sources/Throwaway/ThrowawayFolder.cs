using Larder.Sources.Native;

namespace Larder.Sources.Throwaway;

/// <summary>
/// A private folder for what is thrown away. Its name says which process made it, so that the next drill can remove what a machine that
/// lost its power left.
/// </summary>
public sealed class ThrowawayFolder : IDisposable
{
    private const string Prefix = "larder-drill-";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private ThrowawayFolder(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>A path in it.</summary>
    public string this[string name] => Path.Combine(FullPath, name);

    /// <summary>Fails with <see cref="SourceException"/>: <see cref="SourceError.TargetFailed"/>.</summary>
    /// <param name="parent">Where; a folder that is there.</param>
    public static ThrowawayFolder Create(string parent)
    {
        var path = Path.Combine(parent, $"{Prefix}{ProcessMark.OfThisProcess}_{Guid.NewGuid().ToString("n")[..8]}");
        try
        {
            return new ThrowawayFolder(Directory.CreateDirectory(path, Private).FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"The drill cannot make a folder in {parent}: {error.Message}", error);
        }
    }

    /// <summary>A folder in it that only one account may enter.</summary>
    public string Make(string name, ServerAccount? owner = null)
    {
        var path = Directory.CreateDirectory(this[name], Private).FullName;
        if (owner is not null)
        {
            LibcPath.SetOwner(path, owner.Uid, owner.Gid);
        }
        return path;
    }

    internal void GiveFileTo(ServerAccount? owner, string name)
    {
        if (owner is not null)
        {
            LibcPath.SetOwner(this[name], owner.Uid, owner.Gid);
        }
    }

    /// <summary>Hands the folder to the account that the server runs as; nobody else but root may enter it then.</summary>
    internal void GiveTo(ServerAccount? owner)
    {
        if (owner is not null)
        {
            LibcPath.SetOwner(FullPath, owner.Uid, owner.Gid);
        }
    }

    /// <summary>Removes folders of drills whose process is gone; the drill's keeper did not, so the machine must have stopped.</summary>
    /// <returns>What was removed.</returns>
    public static IReadOnlyList<string> RemoveLeftovers(string parent)
    {
        var removed = new List<string>();
        foreach (var path in Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, Prefix + "*") : [])
        {
            // A link that somebody else laid there leads nowhere.
            if (new DirectoryInfo(path).LinkTarget is null && ProcessMark.IsDead(Path.GetFileName(path)[Prefix.Length..]) && TryRemove(path))
            {
                removed.Add(path);
            }
        }
        return removed;
    }

    public void Dispose() => TryRemove(FullPath);

    private static bool TryRemove(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
                return true;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or being removed by its keeper at this moment.
        }
        return false;
    }
}
