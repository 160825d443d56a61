using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Sources;

namespace Larder.Engine.Maintenance;

/// <summary>Whether a source answers, asked without side effects and for a bounded time.</summary>
/// <param name="Probe">What it said; null where it did not.</param>
/// <param name="Error">Why not; null where it said something, or nothing in time.</param>
/// <param name="Took">Until it answered or was given up.</param>
internal sealed record SourceAnswer(SourceProbe? Probe, ErrorReport? Error, TimeSpan Took)
{
    public bool IsTimeout => Probe is null && Error is null;

    /// <summary>Thrown is an interruption alone.</summary>
    public static async Task<SourceAnswer> AskAsync(
        EngineContext context, JobSettings job, SourceSettings settings, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = context.Clock.CreateTimer(_ => bounded.Cancel(), null, patience, Timeout.InfiniteTimeSpan);
        var began = context.Clock.GetTimestamp();
        try
        {
            // Some drivers wait for a dead server on the thread that asks.
            return new SourceAnswer(await Task.Run(ProbeAsync, bounded.Token).WaitAsync(bounded.Token), null, Took());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SourceAnswer(null, null, Took());
        }
        catch (Exception e) when (e is SourceException || RepositoryFailure.Is(e))
        {
            return new SourceAnswer(null, ErrorTable.Describe(e, new ErrorContext { Job = job.Name, Source = settings.Name }), Took());
        }

        async Task<SourceProbe> ProbeAsync() => await (await context.SourceFor(job, settings, bounded.Token)).ProbeAsync(bounded.Token);

        TimeSpan Took() => context.Clock.GetElapsedTime(began);
    }
}
