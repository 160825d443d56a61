namespace Larder.Engine.Restore;

/// <summary>Executes a plan.</summary>
public static class RestoreRun
{
    /// <summary>
    /// Reads under a shared lock and writes what the plan says. What stood at a target stays whole until it is replaced by something whole; a
    /// failure or cancellation leaves no temporary files.
    /// Fails with <see cref="Errors.LarderException"/> (<see cref="Errors.EngineError.ConfirmationMissing"/>,
    /// <see cref="Errors.EngineError.PrerequisiteFailed"/> for a plan with refusals), <see cref="Larder.Sources.SourceException"/> for the target and
    /// <see cref="Larder.Repository.RepositoryException"/> for the repository.
    /// </summary>
    public static Task<RestoreResult> ExecuteAsync(RestorePlan plan, RunProgress progress, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
