using Larder.Engine.Browse;
using Larder.Repository;

namespace Larder.Engine.Restore;

/// <summary>Reads a backup while nobody may remove it.</summary>
internal static class HeldReading
{
    /// <summary>
    /// Takes a shared lock, opens the backup afresh and lets it be read. A storage that takes no lock because it is read-only is read
    /// without: nobody can prune it either.
    /// </summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryError.LockLost"/> where the lock could not be kept.</exception>
    public static async Task<T> RunAsync<T>(
        ReadableBackup backup,
        EngineContext context,
        Func<ReadableBackup, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        await using var held = await TryLockAsync(backup, context, cancellationToken);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held?.Lost ?? CancellationToken.None);
        try
        {
            return await read(await backup.ReopenAsync(stopping.Token), stopping.Token);
        }
        catch (OperationCanceledException e) when (held?.Lost.IsCancellationRequested == true && !cancellationToken.IsCancellationRequested)
        {
            throw new RepositoryException(RepositoryError.LockLost, $"the lock on {backup.Repository.Location} could not be kept", e)
            {
                Location = backup.Repository.Location,
            };
        }
    }

    private static async Task<RepositoryLock?> TryLockAsync(
        ReadableBackup backup, EngineContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await RepositoryLock.AcquireAsync(backup.Repository, LockMode.Shared, cancellationToken);
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.ReadOnly)
        {
            context.Warn($"Repository \"{backup.Place.Repository}\" can only be read, so it is read without a lock.");
            return null;
        }
    }
}
