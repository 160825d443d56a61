namespace Larder.Engine.Cleanup;

/// <summary>Pins backups, or takes the pin away, in every repository that holds them. Repeating it is harmless.</summary>
public sealed class PinRun(EngineContext context, IReadOnlyList<string> backups, bool pinned)
{
    /// <exception cref="Errors.LarderException"><see cref="Errors.EngineError.UnknownBackup"/> and its like: then nothing was
    /// changed.</exception>
    public Task<PinReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {backups} {pinned} {cancellationToken.IsCancellationRequested}");
}
