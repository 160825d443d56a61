using System.Buffers;
using Larder.Repository.Crypto;
using Larder.Repository.Storage;

namespace Larder.Repository;

/// <summary>The passwords of a repository: each is a key file that holds the same master key.</summary>
public static class KeyRing
{
    /// <summary>All key files, oldest first, with whether each is the one in use.</summary>
    public static async Task<IReadOnlyList<KeyListing>> ListAsync(Repository repository, CancellationToken cancellationToken)
    {
        var keys = new List<KeyListing>();
        await foreach (var file in repository.Storage.ListAsync(FileKind.Key, cancellationToken))
        {
            var id = new KeyId(file.Key.Name);
            var key = await ReadAsync(repository.Storage, id, cancellationToken);
            keys.Add(new KeyListing(id, key.Username, key.Hostname, key.Created, id == repository.KeyId));
        }
        return [.. keys.OrderBy(key => key.Created)];
    }

    /// <summary>Adds a password.</summary>
    public static Task<KeyId> AddAsync(Repository repository, string password, CancellationToken cancellationToken) =>
        StoreAsync(repository.Storage, repository.Key, password, repository.Options, cancellationToken);

    /// <summary>
    /// Removes a password, alone in the repository: two who each remove the other's would leave none. The one in use is refused, as it is
    /// the only one known to work; so is any while the one in use is gone. Takes an exclusive lock itself.
    /// </summary>
    public static async Task RemoveAsync(Repository repository, KeyId id, CancellationToken cancellationToken)
    {
        if (id == repository.KeyId)
        {
            throw new RepositoryException(
                RepositoryError.Refused,
                $"key {id.ToString()[..8]} is the one that opened the repository at {repository.Location}; open it with another password "
                + "to remove this one")
            {
                File = StorageKey.Of(id),
                Location = repository.Location,
            };
        }
        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, cancellationToken);
        if (await repository.Storage.FindLengthAsync(StorageKey.Of(repository.KeyId), cancellationToken) is null)
        {
            throw new RepositoryException(
                RepositoryError.Refused,
                $"the key that opened the repository at {repository.Location} was removed meanwhile; open it again to remove another one")
            {
                File = StorageKey.Of(id),
                Location = repository.Location,
            };
        }
        await heldLock.EnsureHeldAsync(cancellationToken);
        await repository.Storage.DeleteAsync(StorageKey.Of(id), cancellationToken);
    }

    internal static async Task<KeyId> StoreAsync(
        IStorage storage, RepositoryKey key, string password, RepositoryOptions options, CancellationToken cancellationToken)
    {
        var file = KeyFile.Create(key, password, options.Username, options.Hostname, options.Clock.GetLocalNow(), options.KeyCost);
        var json = file.ToJson();

        // Proven before it is trusted: a password that does not open its key locks everybody out.
        using (var proof = KeyFile.Parse(json).TryOpen(password))
        {
            if (proof is null)
            {
                throw new RepositoryException(
                    RepositoryError.Damaged,
                    "a new key could not be opened with its password; memory or processor of this machine may be faulty");
            }
        }

        var id = new KeyId(Hash256.Of(json));
        await storage.PutAsync(StorageKey.Of(id), new ReadOnlySequence<byte>(json), cancellationToken);
        return id;
    }

    internal static async Task<RepositoryKey?> TryOpenAsync(
        IStorage storage, KeyId id, string password, CancellationToken cancellationToken) =>
        (await ReadAsync(storage, id, cancellationToken)).TryOpen(password);

    internal static async Task<KeyFile> ReadAsync(IStorage storage, KeyId id, CancellationToken cancellationToken)
    {
        var json = await storage.ReadAllAsync(StorageKey.Of(id), Repository.SmallFileBytesMax, cancellationToken);
        if (Hash256.Of(json) != id.Hash)
        {
            json = await storage.ReadAllAsync(StorageKey.Of(id), Repository.SmallFileBytesMax, cancellationToken);
        }
        return Hash256.Of(json) == id.Hash
            ? Parse(json, storage, id)
            : throw new RepositoryException(
                RepositoryError.Damaged, $"{StorageKey.Of(id)} in {storage.Location} is damaged: its bytes are not what its name says")
            {
                File = StorageKey.Of(id),
                Location = storage.Location,
            };
    }

    private static KeyFile Parse(byte[] json, IStorage storage, KeyId id)
    {
        try
        {
            return KeyFile.Parse(json);
        }
        catch (RepositoryException e)
        {
            throw new RepositoryException(e.Error, $"{StorageKey.Of(id)} in {storage.Location} cannot be used: {e.Message}", e)
            {
                File = StorageKey.Of(id),
                Location = storage.Location,
            };
        }
    }
}

/// <summary>One password of a repository, as <c>key list</c> shows it.</summary>
public sealed record KeyListing(KeyId Id, string Username, string Hostname, DateTimeOffset Created, bool IsCurrent);
