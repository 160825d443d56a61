using System.Buffers;

namespace Larder.Repository.Storage;

/// <summary>Shows a storage without letting it be changed: putting and deleting fail with <see cref="RepositoryError.ReadOnly"/>.</summary>
public sealed class ReadOnlyStorage(IStorage inner) : IStorage
{
    public string Location => inner.Location;

    public TimeSpan ListingDelay => inner.ListingDelay;

    public Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
        Task.FromException(Refusal(key, "written"));

    public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        inner.ReadAsync(key, offset, destination, cancellationToken);

    public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) =>
        inner.FindLengthAsync(key, cancellationToken);

    public IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, CancellationToken cancellationToken) =>
        inner.ListAsync(kind, cancellationToken);

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) => Task.FromException(Refusal(key, "deleted"));

    private RepositoryException Refusal(StorageKey key, string what) =>
        new(RepositoryError.ReadOnly, $"{key} was not {what}: {Location} was opened for reading only.") { File = key, Location = Location };
}
