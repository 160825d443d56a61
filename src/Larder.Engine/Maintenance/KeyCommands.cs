namespace Larder.Engine.Maintenance;

/// <summary>The passwords of one repository.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Its name in the configuration; null for the only one that is configured.</param>
public sealed class KeyCommands(EngineContext context, string? repository)
{
    public Task<KeyReport> ListAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {repository} {cancellationToken.IsCancellationRequested}");

    /// <summary>Adds a password. Every password opens everything.</summary>
    public Task<KeyReport> AddAsync(string password, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{password.Length} {cancellationToken.IsCancellationRequested}");

    /// <param name="id">An id or its beginning, which must fit one key; the current key is refused.</param>
    public Task<KeyReport> RemoveAsync(string id, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{id} {cancellationToken.IsCancellationRequested}");
}
