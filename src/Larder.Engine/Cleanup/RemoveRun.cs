namespace Larder.Engine.Cleanup;

/// <summary>What is to be removed.</summary>
public sealed record RemoveRequest
{
    /// <summary>Names of backups; at least one.</summary>
    public required IReadOnlyList<string> Backups { get; init; }

    /// <summary>Whether the last good backup of a job may go too. A pinned one never goes.</summary>
    public bool Force { get; init; }
}

/// <summary>Removes backups by name, from all repositories, and frees what only they needed.</summary>
public sealed class RemoveRun(EngineContext context, RemoveRequest request, RunProgress progress)
{
    /// <exception cref="Errors.LarderException"><see cref="Errors.EngineError.UnknownBackup"/>,
    /// <see cref="Errors.EngineError.BackupPinned"/>, <see cref="Errors.EngineError.LastGoodBackup"/>: then nothing was removed.</exception>
    public Task<CleanupReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {request} {progress.Phase} {cancellationToken.IsCancellationRequested}");
}
