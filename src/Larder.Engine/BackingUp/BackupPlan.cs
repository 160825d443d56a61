using Larder.Engine.Configuration;
using Larder.Engine.Sync;
using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>
/// What a backup would do: each selected source as a quick look finds it, and where it would go. Nothing is changed by it.
/// </summary>
public sealed record BackupPlan
{
    public required JobSettings Job { get; init; }

    public required IReadOnlyList<BackupPlanLine> Lines { get; init; }

    /// <summary>Whether local and remote are brought in step before.</summary>
    public bool IsSynced { get; init; }

    /// <summary>What is emptied afterwards; null for nothing.</summary>
    public PurgePlan? Purge { get; init; }

    public IReadOnlyList<string> Repositories => Job.To;

    public static async Task<BackupPlan> ComputeAsync(EngineContext context, BackupRequest request, CancellationToken cancellationToken)
    {
        var job = context.JobOf(request.Job);
        var (lines, selected) = (new List<BackupPlanLine>(), request.SelectFrom(job));
        foreach (var source in selected)
        {
            lines.Add(await LookAsync(context, job, source, cancellationToken));
        }
        return new BackupPlan
        {
            Job = job,
            Lines = lines,
            IsSynced = selected.Any(source => source.Name == job.Sync?.Source),
            Purge = request.PurgeFrom(job),
        };
    }

    private static async Task<BackupPlanLine> LookAsync(
        EngineContext context, JobSettings job, SourceSettings source, CancellationToken cancellationToken)
    {
        try
        {
            var probe = await (await context.SourceFor(job, source, cancellationToken)).ProbeAsync(cancellationToken);
            return new BackupPlanLine(source.Name, source.Engine, probe.EngineVersion, probe.EstimatedBytes, null);
        }
        catch (SourceException e)
        {
            return new BackupPlanLine(source.Name, source.Engine, null, null, e.Message);
        }
    }
}

/// <summary>One source of a plan. <paramref name="Problem"/> is null where it can be read.</summary>
public sealed record BackupPlanLine(string Source, string Engine, string? EngineVersion, long? EstimatedBytes, string? Problem);
