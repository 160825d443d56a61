namespace Larder.Repository.Storage;

/// <summary>Reading that every storage has in common.</summary>
public static class StorageReading
{
    /// <summary>Reads a whole small file (config, key, lock, snapshot, index).</summary>
    /// <param name="bytesMax">A longer file is refused as damaged before memory is taken for it.</param>
    public static async Task<byte[]> ReadAllAsync(
        this IStorage storage, StorageKey key, long bytesMax, CancellationToken cancellationToken)
    {
        var length = await storage.FindLengthAsync(key, cancellationToken)
            ?? throw Failure(RepositoryError.FileMissing, $"{key} is missing from {storage.Location}.");
        if (length > bytesMax)
        {
            throw Failure(RepositoryError.Damaged, $"{key} in {storage.Location} is {length} bytes long, which no such file is.");
        }

        var bytes = new byte[length];
        var read = await storage.ReadAsync(key, 0, bytes, cancellationToken);
        return read == length
            ? bytes
            : throw Failure(RepositoryError.Damaged, $"{key} in {storage.Location} ended after {read} of {length} bytes.");

        RepositoryException Failure(RepositoryError error, string message) =>
            new(error, message) { File = key, Location = storage.Location };
    }
}
