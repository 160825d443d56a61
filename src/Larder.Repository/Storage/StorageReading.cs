namespace Larder.Repository.Storage;

/// <summary>Reading that every storage has in common.</summary>
public static class StorageReading
{
    /// <summary>Reads a whole small file (config, key, lock, snapshot, index).</summary>
    /// <param name="bytesMax">A longer file is refused as damaged before memory is taken for it.</param>
    public static async Task<byte[]> ReadAllAsync(this IStorage storage, StorageKey key, long bytesMax, CancellationToken cancellationToken)
    {
        var length = await storage.FindLengthAsync(key, cancellationToken)
            ?? throw new RepositoryException(RepositoryError.FileMissing, $"{key} is missing from {storage.Location}") { File = key, Location = storage.Location };
        if (length > bytesMax)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"{key} is {length} bytes long, which no such file is") { File = key, Location = storage.Location };
        }

        var bytes = new byte[length];
        var read = await storage.ReadAsync(key, 0, bytes, cancellationToken);
        return read == length
            ? bytes
            : throw new RepositoryException(RepositoryError.Damaged, $"{key} ended after {read} of {length} bytes") { File = key, Location = storage.Location };
    }
}
