namespace Larder.Sources.Dumps;

/// <summary>
/// The stored files of one source of a backup, in the engine's own dump layout, as a restore or a check reads them: out of a repository,
/// or out of a folder. Safe for concurrent use.
/// </summary>
public interface IStoredDump
{
    /// <summary>All files, in no order; folders are not listed.</summary>
    IReadOnlyList<StoredFile> Files { get; }

    /// <summary>
    /// Opens a listed file from its beginning, forward only; the caller disposes the stream. Every stream has its own bounded read-ahead,
    /// so hold no more open than are being read. Reading fails where stored bytes are missing or damaged; a wrong byte is never returned.
    /// </summary>
    ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken);
}

/// <summary>One stored file.</summary>
/// <param name="Path">Where it lies inside the source.</param>
/// <param name="Bytes">Its length.</param>
public sealed record StoredFile(EntryPath Path, long Bytes);
