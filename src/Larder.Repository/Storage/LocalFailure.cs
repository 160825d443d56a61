using Larder.Repository.Native;

namespace Larder.Repository.Storage;

/// <summary>Turns what the system says into what the repository says.</summary>
internal static class LocalFailure
{
    /// <param name="did">What was not done, with the path: "could not write /backup/data/3f/3f9a…".</param>
    public static RepositoryException Of(int errno, StorageKey? key, string root, string did, Exception? inner = null) =>
        new(Error(errno), $"Larder {did}: {Posix.Words(errno)}.", inner)
        {
            File = key,
            Location = root,
            IsTransient = IsTransient(errno),
        };

    public static RepositoryException Of(Exception failure, StorageKey? key, string root, string did) =>
        Of(Errno(failure), key, root, did, failure);

    public static RepositoryException Missing(StorageKey key, string root) =>
        new(RepositoryError.FileMissing, $"{key} is missing from {root}.") { File = key, Location = root };

    public static RepositoryException Exists(StorageKey key, string root, string why) =>
        new(RepositoryError.AlreadyExists, $"{key} is in {root} already{why}.") { File = key, Location = root };

    private static RepositoryError Error(int errno) => errno switch
    {
        Posix.NoSpace or Posix.Quota => RepositoryError.StorageFull,
        _ => RepositoryError.StorageFailed,
    };

    // EIO is what a network file system answers after a timeout, and every retry starts with a new temporary file: repeating it is honest.
    private static bool IsTransient(int errno) =>
        errno is Posix.InputOutput or Posix.Again or Posix.Busy or Posix.TimedOut or Posix.Stale;

    // .NET keeps the errno of an IOException in HResult; for its own subclasses it puts a Windows code there.
    private static int Errno(Exception failure) => failure switch
    {
        UnauthorizedAccessException => Posix.AccessDenied,
        FileNotFoundException or DirectoryNotFoundException => Posix.NoEntry,
        IOException { HResult: > 0 and < 4096 } io => io.HResult,
        _ => Posix.InputOutput,
    };
}
