using System.Buffers;

namespace Larder.Repository.Storage;

/// <summary>
/// A place that keeps immutable, named files. The contract that every storage passes is <c>StorageContract</c> in the tests.
/// All members may be called from several threads at once. Failures are <see cref="RepositoryException"/>:
/// <see cref="RepositoryError.FileMissing"/> where a file is not there, <see cref="RepositoryError.StorageFull"/>,
/// <see cref="RepositoryError.StorageFailed"/>. A cancelled call may or may not have taken effect, but never halfway.
/// </summary>
public interface IStorage
{
    /// <summary>Where it is, for messages; holds no credentials.</summary>
    string Location { get; }

    /// <summary>
    /// How long after a put or a deletion has completed somebody's listing may still not show it. Zero where there is one order of things
    /// for everybody, as on the disk of one machine: of two who each write a lock and then look, at least one sees the other's.
    /// </summary>
    TimeSpan ListingDelay { get; }

    /// <summary>
    /// Keeps a file. When the task completes the file is whole and durable under its name; until then no reader sees it.
    /// Nothing is ever overwritten: where a file of this name and length exists the call succeeds and leaves it alone (names are
    /// content hashes, so a repeated call is harmless); with another length, and for <c>config</c>, it fails with
    /// <see cref="RepositoryError.AlreadyExists"/>.
    /// The content belongs to the caller and is not touched after the task completes.
    /// </summary>
    Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken);

    /// <summary>Reads from <paramref name="offset"/> until <paramref name="destination"/> is full or the file ends.</summary>
    /// <returns>How many bytes were read; fewer than asked for only at the end of the file.</returns>
    Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>The stored length of a file in bytes, or null where there is none.</summary>
    Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>
    /// All files of a kind, in no order. Names that are not ids are passed over. A file put or deleted meanwhile may or may not be seen.
    /// </summary>
    IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes a file. Deleting one that is not there is a success. When the task completes, an index, snapshot or key stays deleted even
    /// when power is cut; a pack or a lock may come back.
    /// </summary>
    Task DeleteAsync(StorageKey key, CancellationToken cancellationToken);
}
