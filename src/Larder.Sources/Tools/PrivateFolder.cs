namespace Larder.Sources.Tools;

/// <summary>
/// A folder among the temporary files that only its owner may enter. Its name says which process made it, so what a killed one left is
/// removed by the next.
/// </summary>
public sealed class PrivateFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private PrivateFolder(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>A path in it.</summary>
    public string this[string name] => Path.Combine(FullPath, name);

    /// <summary>
    /// Makes one, and removes what killed processes left. Fails with <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/>.
    /// </summary>
    public static PrivateFolder Create()
    {
        RemoveLeftovers();
        // Nobody can have laid a folder or a link of that name there before.
        var path = Path.Combine(Path.GetTempPath(), $"{Leftovers.WorkPrefix}{ProcessMark.OfThisProcess}_{Guid.NewGuid():n}");
        return new PrivateFolder(Directory.CreateDirectory(path, Private).FullName);
    }

    /// <summary>Removes what processes of this machine left that run no more.</summary>
    /// <returns>What was removed.</returns>
    public static IReadOnlyList<string> RemoveLeftovers() => Leftovers.Remove(Path.GetTempPath(), Leftovers.WorkPrefix);

    public void Dispose()
    {
        if (Directory.Exists(FullPath))
        {
            Directory.Delete(FullPath, recursive: true);
        }
    }
}
