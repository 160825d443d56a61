namespace Larder.Engine.Cleanup;

public sealed partial record CleanupPlan
{
    /// <param name="job">Null for every job that is configured.</param>
    /// <exception cref="Errors.LarderException"><see cref="Errors.EngineError.UnknownJob"/>.</exception>
    public static Task<CleanupPlan> ComputeAsync(EngineContext context, string? job, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context} {job} {cancellationToken.IsCancellationRequested}");
}
