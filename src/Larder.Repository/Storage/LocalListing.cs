using System.IO.Enumeration;
using Larder.Repository.Native;

namespace Larder.Repository.Storage;

/// <summary>What lies in the folders of a <see cref="LocalStorage"/>: files of the repository, and what killed writers left.</summary>
internal static class LocalListing
{
    private static readonly EnumerationOptions EverythingOrFail =
        new() { IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None, RecurseSubdirectories = false };

    /// <summary>The files of a kind in one folder, read while they are enumerated; none where the folder is missing.</summary>
    public static IEnumerable<StoredFile> FilesOf(string folder, FileKind kind)
    {
        if (Posix.Status(folder, out _) == Posix.NoEntry)
        {
            return [];
        }
        var prefix = kind == FileKind.Pack ? Path.GetFileName(folder) : "";
        return new FileSystemEnumerable<StoredFile?>(folder, (ref entry) => Recognise(ref entry, kind), EverythingOrFail)
        {
            ShouldIncludePredicate = (ref entry) => entry.FileName.StartsWith(prefix, StringComparison.Ordinal),
        }.OfType<StoredFile>();
    }

    private static StoredFile? Recognise(ref FileSystemEntry entry, FileKind kind)
    {
        if (!Hash256.TryParse(entry.FileName, out var name) || entry.IsDirectory)
        {
            return null;
        }
        var length = entry.Length;
        // .NET says 0 for a file that vanished between its name and its length, as lock files do.
        return length == 0 && Posix.Status(entry.ToFullPath(), out _) != 0 ? null : new StoredFile(new StorageKey(kind, name), length);
    }

    /// <summary>Removes the temporary files of a folder that nobody wrote to since a moment.</summary>
    /// <returns>How many were removed.</returns>
    public static int RemoveLeftovers(string folder, DateTimeOffset olderThan, string location, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Posix.Status(folder, out _) == Posix.NoEntry)
        {
            return 0;
        }
        try
        {
            var leftovers = new FileSystemEnumerable<string>(folder, (ref entry) => entry.ToFullPath(), EverythingOrFail)
            {
                ShouldIncludePredicate = (ref entry) => LocalLayout.IsTemporary(entry.FileName) && !entry.IsDirectory,
            };
            return leftovers.Count(path =>
                Posix.Status(path, out var status) == 0 && status.ModifiedAt < olderThan && Posix.Delete(path) == 0);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFailure.Of(failure, null, location, $"could not list {folder}");
        }
    }
}
